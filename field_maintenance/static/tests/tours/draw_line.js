/** Draw a line across a canvas as a finger does. */
export function drawLine(canvas) {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const draw = (type, share, buttons) =>
        canvas.dispatchEvent(
            new PointerEvent(type, {
                bubbles: true,
                buttons,
                clientX: left + width * share,
                clientY: top + height * share,
                isPrimary: true,
                pointerId: 1,
                pointerType: "touch",
                pressure: 0.5,
            })
        );
    draw("pointerdown", 0.2, 1);
    for (const share of [0.35, 0.5, 0.65]) {
        draw("pointermove", share, 1);
    }
    draw("pointerup", 0.8, 0);
}
