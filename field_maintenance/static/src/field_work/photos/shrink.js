// Enough for a page of the report, and a twentieth of what a camera makes.
const LONGEST_SIDE = 1600;
const QUALITY = 0.82;

/**
 * Make a photo small enough for a slow line.
 *
 * @param {File} file
 * @returns {Promise<string>} a data address: a JPEG whose longest side is 1,600 pixels at
 *      most, upright
 * @throws {Error} if the browser cannot read it
 */
export async function shrinkPhoto(file) {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    const context = canvas.getContext("2d");
    // A JPEG has no transparency; what is not there is white as on paper.
    context.fillStyle = "white";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    return canvas.toDataURL("image/jpeg", QUALITY);
}
