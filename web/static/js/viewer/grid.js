// Which shapes are near a point: squares of 64 pixels, each with those that reach into it.

import { contains } from "./shapes.js";

const SQUARE = 64;
const at = (value) => Math.floor(value / SQUARE);
const keyOfSquare = (column, row) => column * 65_536 + row;

export class Grid {
  #squares = new Map();
  #shapes = new Map(); // By label.

  constructor(shapes = []) {
    for (const shape of shapes) this.add(shape);
  }

  get shapes() {
    return this.#shapes;
  }

  add(shape) {
    this.#shapes.set(shape.label, shape);
    for (const key of squaresOf(shape)) {
      const square = this.#squares.get(key);
      if (square) square.push(shape);
      else this.#squares.set(key, [shape]);
    }
  }

  remove(label) {
    const shape = this.#shapes.get(label);
    if (!shape) return;
    this.#shapes.delete(label);
    for (const key of squaresOf(shape)) {
      const square = this.#squares.get(key);
      square.splice(square.indexOf(shape), 1);
    }
  }

  /** Return the smallest shape under a point that *isMeant* accepts, or null. */
  hit(x, y, isMeant = () => true) {
    let found = null;
    for (const shape of this.#squares.get(keyOfSquare(at(x), at(y))) ?? []) {
      if (x < shape.left || x > shape.right || y < shape.top || y > shape.bottom) continue;
      if (found && found.extent <= shape.extent) continue;
      if (contains(shape.object, x, y) && isMeant(shape)) found = shape;
    }
    return found;
  }
}

function* squaresOf({ left, top, right, bottom }) {
  for (let column = at(left); column <= at(right); column += 1) {
    for (let row = at(top); row <= at(bottom); row += 1) yield keyOfSquare(column, row);
  }
}
