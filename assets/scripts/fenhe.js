// What every page loads. It makes pages faster to use; none needs it to be read or a form to be sent.

import { Button } from "govuk-frontend/dist/govuk/components/button/button.mjs";
import { Checkboxes } from "govuk-frontend/dist/govuk/components/checkboxes/checkboxes.mjs";
import { ErrorSummary } from "govuk-frontend/dist/govuk/components/error-summary/error-summary.mjs";
import { NotificationBanner } from "govuk-frontend/dist/govuk/components/notification-banner/notification-banner.mjs";
import { Radios } from "govuk-frontend/dist/govuk/components/radios/radios.mjs";
import { SkipLink } from "govuk-frontend/dist/govuk/components/skip-link/skip-link.mjs";
import { Tabs } from "govuk-frontend/dist/govuk/components/tabs/tabs.mjs";
import { addCopyButtons } from "./copy.js";
import { watchJobs } from "./job.js";
import { editRows } from "./rows.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");

const COMPONENTS = { "govuk-button": Button, "govuk-checkboxes": Checkboxes, "govuk-error-summary": ErrorSummary, "govuk-notification-banner": NotificationBanner, "govuk-radios": Radios, "govuk-tabs": Tabs };

for (const [name, Component] of Object.entries(COMPONENTS)) {
  for (const element of document.querySelectorAll(`[data-module="${name}"]`)) new Component(element);
}
for (const link of document.querySelectorAll(".govuk-skip-link")) new SkipLink(link);

addCopyButtons();
editRows();
watchJobs();
