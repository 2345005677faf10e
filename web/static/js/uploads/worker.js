// The shared worker of uploads: it outlives the page that started it, so uploads go on while
// somebody walks from page to page.

import { connect } from "./host.js";

globalThis.onconnect = ({ ports: [port] }) => connect(port);
