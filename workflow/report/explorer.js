// The latent plane to touch, below Figure 6.4: the image follows the pointer or the arrow keys, and walks
// between two points. It is what the decoder makes of the point; where its weights were not kept, a mixture
// of the four nearest images of the figure's grid.
{
  const plane = JSON.parse(document.getElementById("plane").textContent);
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const unpacked = ({ scale, values }) => Float32Array.from(new Int16Array(bytes(values).buffer), (value) => value * scale);
  const activations = {
    linear: (a) => a,
    relu: (a) => Math.max(a, 0),
    leaky_relu: (a) => (a > 0 ? a : 0.2 * a),
    elu: (a) => (a > 0 ? a : Math.expm1(a)),
    softplus: (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))),
    tanh: Math.tanh,
    sigmoid: (a) => 1 / (1 + Math.exp(-a)),
  };
  const layers = plane.layers?.map(({ activation, weights, bias }) => ({
    activate: activations[activation], weights: unpacked(weights), bias: unpacked(bias),
  }));
  const grid = plane.grid && bytes(plane.grid);

  // Pixels from 0 to 1 at a point of the plane.
  const decoded = (z) => layers.reduce((input, { activate, weights, bias }) => {
    const sums = Float32Array.from(bias);
    input.forEach((value, row) => sums.forEach((_, unit) => (sums[unit] += value * weights[row * sums.length + unit])));
    return sums.map(activate);
  }, Float32Array.from(z));
  const mixed = ([x, y]) => {
    const { reach, side, shape } = plane;
    const size = shape.reduce((a, b) => a * b);
    const place = [x, -y].map((value) => Math.min(Math.max((value + reach) / (2 * reach), 0), 1) * (side - 1));
    const first = place.map((value) => Math.min(Math.floor(value), side - 2));
    const part = place.map((value, axis) => value - first[axis]);
    const at = (row, column, pixel) => grid[((first[1] + row) * side + first[0] + column) * size + pixel];
    const across = (row, pixel) => (1 - part[0]) * at(row, 0, pixel) + part[0] * at(row, 1, pixel);
    return Array.from({ length: size }, (_, pixel) => ((1 - part[1]) * across(0, pixel) + part[1] * across(1, pixel)) / 255);
  };
  const imageAt = layers ? decoded : mixed;

  const SIZE = 320;
  const map = made("canvas", { width: SIZE, height: SIZE, tabIndex: 0 });
  map.setAttribute("role", "application");
  map.setAttribute("aria-label", "Latent plane: arrow keys move the point, Enter sets an end of the path");
  const [height, width] = plane.shape;
  const image = made("canvas", { width, height });
  image.setAttribute("role", "img");
  const walk = made("input", { type: "range", min: 0, max: 1, step: 0.01, value: 0, disabled: true });
  const told = made("output");
  const colours = plane.classes.map((_, place) => `hsl(${(360 * place) / plane.classes.length} 65% 50%)`);
  let point = [0, 0];
  let ends = [];

  const toMap = ([x, y]) => [x, -y].map((value) => ((value + plane.reach) / (2 * plane.reach)) * SIZE);
  const names = plane.classes.map((name, kind) => {
    const own = plane.points.filter((other) => other[2] === kind);
    return [name, [0, 1].map((axis) => own.reduce((sum, other) => sum + other[axis], 0) / own.length)];
  });
  const draw = () => {
    const context = map.getContext("2d");
    const dot = (place, radius, colour) => {
      context.fillStyle = colour;
      context.beginPath();
      context.arc(...toMap(place), radius, 0, 2 * Math.PI);
      context.fill();
    };
    context.fillStyle = "#fff";
    context.fillRect(0, 0, SIZE, SIZE);
    plane.points.forEach(([x, y, kind]) => dot([x, y], 1.6, colours[kind]));
    context.fillStyle = "#000";
    names.forEach(([name, place]) => context.fillText(name, ...toMap(place)));
    context.beginPath();
    ends.forEach((end) => context.lineTo(...toMap(end)));
    context.stroke();
    ends.forEach((end) => dot(end, 5, "#555"));
    dot(point, 6, "#000");
    const pixels = imageAt(point);
    const channels = plane.shape[2] ?? 1;
    const shown = new ImageData(width, height);
    for (let pixel = 0; pixel < width * height; pixel++) {
      for (let channel = 0; channel < 3; channel++) shown.data[4 * pixel + channel] = Math.round(255 * pixels[pixel * channels + (channel % channels)]);
      shown.data[4 * pixel + 3] = 255;
    }
    image.getContext("2d").putImageData(shown, 0, 0);
    const distance = ([x, y]) => Math.hypot(x - point[0], y - point[1]);
    const nearest = plane.points.reduce((best, other) => (distance(other) < distance(best) ? other : best));
    told.value = `z = (${point.map((value) => value.toFixed(2)).join(", ")}); the nearest test image is of class ${plane.classes[nearest[2]]}`;
    image.setAttribute("aria-label", told.value);
  };
  const move = (to) => {
    point = to.map((value) => Math.min(Math.max(value, -plane.reach), plane.reach));
    draw();
  };
  const fix = () => {
    ends = ends.length === 2 ? [point] : [...ends, point];
    walk.disabled = ends.length < 2;
    draw();
  };
  map.addEventListener("pointermove", (event) => {
    const scale = (2 * plane.reach) / map.clientWidth;
    move([event.offsetX * scale - plane.reach, plane.reach - event.offsetY * scale]);
  });
  map.addEventListener("click", fix);
  map.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] }[event.key];
    if (event.key === "Enter") fix();
    else if (step) move(point.map((value, axis) => value + step[axis]));
    else return;
    event.preventDefault();
  });
  walk.addEventListener("input", () => move(ends[0].map((from, axis) => from + walk.value * (ends[1][axis] - from))));

  const source = layers ? "what the decoder makes of that point" : "mixed of the four nearest of the figure's grid, since the decoder was not kept";
  const words = `Move over the plane, or focus it and use the arrow keys: the image beside it is ${source}. Points are test images, coloured by class. Two clicks, or Enter twice, set the ends of a path for the slider to walk.`;
  document.getElementById("fig:6_4_latent_manifold").nextElementSibling.after(
    made("div", { className: "explorer" }, made("p", {}, words), map, image, made("label", {}, "Along the path ", walk), told),
  );
  draw();
}
