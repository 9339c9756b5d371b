/* A good camera's picture is larger than a slow line carries, and may be larger than we take: it is drawn anew, with
   every word still readable. What this browser can not draw goes as it is. */
const LARGE = 3000000, LONGEST_SIDE = 2560;

export async function smaller(file) {
  if (!file.type.startsWith("image/") || file.size <= LARGE) return file;
  try {
    const drawn = await createImageBitmap(file), canvas = document.createElement("canvas");
    const scale = Math.min(1, LONGEST_SIDE / Math.max(drawn.width, drawn.height));
    canvas.width = Math.round(drawn.width * scale);
    canvas.height = Math.round(drawn.height * scale);
    const pen = canvas.getContext("2d");
    pen.fillStyle = "white";  // a JPEG has nothing that shines through
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(drawn, 0, 0, canvas.width, canvas.height);
    drawn.close();
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
    if (!blob || blob.size >= file.size) return file;
    return new File([blob], `${file.name.replace(/\.[^.]*$/, "")}.jpg`, { type: blob.type });
  } catch { return file; }
}
