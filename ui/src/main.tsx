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
import { go, startRouter } from "./kit/router";
import { applyTheme } from "./kit/theme";

// The links that MLflow's client prints: /#/experiments/1/runs/01J…
const printed = /^#\/experiments\/\d+(?:\/runs\/([0-9A-Z]{26}))?/.exec(window.location.hash);
if (printed) go(printed[1] ? `/runs/${printed[1]}` : "/projects", { replace: true });

applyTheme();
startRouter();
startKeys();
startLive();
render(<App />, document.getElementById("app")!);
