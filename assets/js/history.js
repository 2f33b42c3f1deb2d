// The history, alive.

import * as arrivals from "./arrivals.js";
import * as covers from "./covers.js";
import * as endless from "./endless.js";
import * as keys from "./grid-keys.js";
import * as list from "./list.js";
import * as place from "./place.js";

covers.begin();
if (list.root) {
  list.begin();
  place.begin();
  keys.begin();
  endless.begin(place.recall);
  arrivals.begin();
}
