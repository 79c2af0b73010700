/** Starts what every page of the workbench has. */

import { startDialogs } from "./dialogs.js";
import { startKeys } from "./keys.js";
import { startPalette } from "./palette.js";
import { startTabs } from "./tabs.js";
import { startTheme } from "./theme.js";
import { startToasts } from "./toasts.js";

startToasts();
startTheme();
startPalette();
startKeys();
startDialogs();
startTabs();
