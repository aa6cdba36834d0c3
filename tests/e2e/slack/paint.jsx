// Draws a chat: window.CHAT is {title, messages: [{name, time, blocks, note, bot} or {event}], people}.
import React from "react";
import { createRoot } from "react-dom/client";
import { Message } from "slack-blocks-to-jsx";
import "slack-blocks-to-jsx/dist/style.css";

class Guard extends React.Component {
  state = {};
  static getDerivedStateFromError(error) {
    return { error };
  }
  render() {
    return this.state.error ? <pre className="broken">{String(this.state.error)}</pre> : this.props.children;
  }
}

const face = (name, colour) =>
  "data:image/svg+xml;utf8," +
  encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" width="36" height="36"><rect width="36" height="36" rx="6" fill="${colour}"/><text x="18" y="24" font-family="sans-serif" font-size="17" fill="#fff" text-anchor="middle">${name[0]}</text></svg>`,
  );

// To Slack `verbatim` leaves plain addresses alone, to this renderer all markup: left out.
const read = (value) => {
  if (Array.isArray(value)) return value.map(read);
  if (value === null || typeof value !== "object") return value;
  const kept = Object.entries(value).filter(([name]) => name !== "verbatim");
  return Object.fromEntries(kept.map(([name, inner]) => [name, read(inner)]));
};

const Line = ({ message }) =>
  message.event ? (
    <div className="event">{message.event}</div>
  ) : (
  <div className={"line " + (message.bot ? "bot" : "person") + (message.note ? " private" : "")}>
    {message.note ? <div className="note">{message.note}</div> : null}
    <Guard>
      <Message
        logo={face(message.name, message.bot ? "#1d3a34" : "#6b4c9a")}
        name={message.name}
        time={new Date(message.time)}
        blocks={read(message.blocks)}
        hooks={{ user: (user) => <span className="user">@{window.CHAT.people[user.id] || user.id}</span> }}
      />
    </Guard>
  </div>
);

createRoot(document.getElementById("root")).render(
  <div className="chat">
    <div className="title">{window.CHAT.title}</div>
    {window.CHAT.messages.map((message, place) => (
      <Line key={place} message={message} />
    ))}
  </div>,
);
document.body.dataset.drawn = "yes";
