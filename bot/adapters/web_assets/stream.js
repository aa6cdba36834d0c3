// Reads an answer that comes in lines of JSON: drafts, each instead of the one before, then the whole.
"use strict";

window.ballotageStream = async function stream(response, draft) {
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let held = "";
  let last = null;
  for (;;) {
    const { done, value } = await reader.read();
    held += decoder.decode(value ?? new Uint8Array(), { stream: !done });
    const lines = held.split("\n");
    held = lines.pop();
    for (const line of lines) {
      if (!line) continue;
      last = JSON.parse(line);
      if ("draft" in last) draft(last.draft);
    }
    if (done) return last;
  }
};
