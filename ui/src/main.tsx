// Where the pages begin.
import "./kit/fonts.css";
import "./kit/tokens.css";
import "./kit/base.css";
import "./kit/kit.css";
import "./kit/shell.css";
import { render } from "preact";
import { App } from "./app";
import { startKeys } from "./kit/keys";
import { startLive } from "./kit/live";
import { startRouter } from "./kit/router";
import { applyTheme } from "./kit/theme";

applyTheme();
startRouter();
startKeys();
startLive();
render(<App />, document.getElementById("app")!);
