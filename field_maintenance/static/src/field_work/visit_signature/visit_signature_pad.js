import { Component, onMounted, onWillUnmount, useRef, useState } from "@odoo/owl";

// Sharper than this no report prints it.
const MOST_PIXELS = 2;

/**
 * A pad to draw a signature on, and that is all. Core's component loads the fonts of all
 * the signatures that it could make itself, and a library; this one works in a cellar.
 */
export class VisitSignaturePad extends Component {
    static template = "field_maintenance.VisitSignaturePad";
    static props = {
        // Called with the picture in Base64, or false when it was cleared
        onChange: Function,
    };

    setup() {
        this.canvasRef = useRef("canvas");
        this.state = useState({ isEmpty: true });
        // Lists of points, from the finger's first touch until it leaves
        this.strokes = [];
        this.isDrawing = false;
        onMounted(() => {
            this.resize();
            this.observer = new ResizeObserver(() => this.resize());
            this.observer.observe(this.canvasRef.el);
        });
        onWillUnmount(() => this.observer.disconnect());
    }

    /** The canvas has as many pixels as the screen; a phone that is turned keeps what was
     * drawn. */
    resize() {
        const canvas = this.canvasRef.el;
        const ratio = Math.min(window.devicePixelRatio || 1, MOST_PIXELS);
        const width = Math.round(canvas.clientWidth * ratio);
        const height = Math.round(canvas.clientHeight * ratio);
        if (!width || (canvas.width === width && canvas.height === height)) {
            return;
        }
        Object.assign(canvas, { width, height });
        this.ratio = ratio;
        this.draw();
    }

    draw() {
        const canvas = this.canvasRef.el;
        const context = canvas.getContext("2d");
        context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
        context.clearRect(0, 0, canvas.width, canvas.height);
        Object.assign(context, { lineWidth: 2.2, lineCap: "round", lineJoin: "round" });
        for (const [first, ...points] of this.strokes) {
            context.beginPath();
            context.moveTo(first.x, first.y);
            let before = first;
            for (const point of points) {
                // A curve through the middle of two points has no corners.
                const [x, y] = [(before.x + point.x) / 2, (before.y + point.y) / 2];
                context.quadraticCurveTo(before.x, before.y, x, y);
                before = point;
            }
            context.lineTo(before.x, before.y);
            context.stroke();
        }
    }

    getPoint(ev) {
        const { left, top } = this.canvasRef.el.getBoundingClientRect();
        return { x: ev.clientX - left, y: ev.clientY - top };
    }

    onPointerDown(ev) {
        if (!ev.isPrimary) {
            return;
        }
        ev.preventDefault();
        if (ev.isTrusted) {
            // A stroke that leaves the pad ends where the finger does.
            this.canvasRef.el.setPointerCapture(ev.pointerId);
        }
        this.isDrawing = true;
        this.strokes.push([this.getPoint(ev)]);
        this.draw();
    }

    onPointerMove(ev) {
        if (this.isDrawing && ev.isPrimary) {
            this.strokes.at(-1).push(this.getPoint(ev));
            this.draw();
        }
    }

    onPointerUp() {
        if (this.isDrawing) {
            this.isDrawing = false;
            this.tell();
        }
    }

    clear() {
        this.strokes = [];
        this.draw();
        this.tell();
    }

    tell() {
        this.state.isEmpty = !this.strokes.length;
        const picture = this.canvasRef.el.toDataURL("image/png").split(",")[1];
        this.props.onChange(this.state.isEmpty ? false : picture);
    }
}
