/** Public pages work without JavaScript; this adds copying of permalinks and keeps forms from being sent twice. */

import { startDialogs } from "./dialogs.js";

startDialogs();
