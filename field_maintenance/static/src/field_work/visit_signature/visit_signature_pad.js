/* global SignaturePad */

import { Component, onMounted, onWillStart, onWillUnmount, useRef, useState } from "@odoo/owl";
import { loadJS } from "@web/core/assets";

// Sharper than this no report prints it.
const MOST_PIXELS = 2;

/**
 * A pad to draw a signature on, and that is all: core's component loads the fonts of all
 * the signatures that it could make itself.
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
        onWillStart(() => loadJS("/web/static/lib/signature_pad/signature_pad.umd.js"));
        onMounted(() => {
            this.pad = new SignaturePad(this.canvasRef.el, { minWidth: 1.5, maxWidth: 2.5 });
            this.pad.addEventListener("endStroke", () => this.onDrawn());
            this.resize();
            this.observer = new ResizeObserver(() => this.resize());
            this.observer.observe(this.canvasRef.el);
        });
        onWillUnmount(() => {
            this.observer.disconnect();
            this.pad.off();
        });
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
        const drawn = this.pad.toData();
        Object.assign(canvas, { width, height });
        canvas.getContext("2d").scale(ratio, ratio);
        this.pad.clear();
        this.pad.fromData(drawn);
    }

    onDrawn() {
        this.state.isEmpty = this.pad.isEmpty();
        this.props.onChange(this.state.isEmpty ? false : this.pad.toDataURL().split(",")[1]);
    }

    clear() {
        this.pad.clear();
        this.onDrawn();
    }
}
