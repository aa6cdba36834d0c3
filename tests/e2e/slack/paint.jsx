// Draws messages: window.MESSAGES is a list of {name, time, text, blocks, note}.
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

const Line = ({ message }) => (
  <div className={"line" + (message.note ? " private" : "")}>
    {message.note ? <div className="note">{message.note}</div> : null}
    <Guard>
      <Message
        logo={face(message.name, message.name === "Ballotage" ? "#1d3a34" : "#6b4c9a")}
        name={message.name}
        time={new Date(message.time)}
        blocks={message.blocks}
        hooks={{ user: (user) => <span className="user">@{(window.PEOPLE || {})[user.id] || user.id}</span> }}
      />
    </Guard>
  </div>
);

createRoot(document.getElementById("root")).render(
  <div className="chat">
    {window.MESSAGES.map((message, place) => (
      <Line key={place} message={message} />
    ))}
  </div>,
);
document.body.dataset.drawn = "yes";
