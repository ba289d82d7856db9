import { type Server, type Socket, createServer } from "node:net";

interface Mail {
  to: string;
  text: string;
}

/** A mail server that keeps what it is given. */
export class MailServer {
  readonly mails: Mail[] = [];
  private readonly server: Server = createServer((socket) => {
    this.converse(socket);
  });

  /** Starts listening; gives the URL. */
  async start(): Promise<string> {
    await new Promise<void>((done) => this.server.listen(0, "127.0.0.1", done));
    const address = this.server.address();
    return `smtp://127.0.0.1:${String(typeof address === "object" && address ? address.port : 0)}`;
  }

  stop(): void {
    this.server.close();
  }

  /** The path of the link in the newest mail to an address. */
  linkTo(address: string): string | undefined {
    const mail = this.mails.findLast(({ to }) => to === address);
    return /\/link\/\S+/.exec(mail?.text ?? "")?.[0];
  }

  private converse(socket: Socket): void {
    let waiting = "";
    let mail: Mail | null = null;
    let to = "";
    const say = (line: string) => socket.write(`${line}\r\n`);
    const hear = (line: string) => {
      if (mail && line !== ".") mail.text += `${line}\n`;
      else if (mail) {
        this.mails.push(mail);
        mail = null;
        say("250 taken");
      } else if (line === "DATA") {
        mail = { to, text: "" };
        say("354 speak");
      } else {
        to = /^RCPT TO:<(.*)>/.exec(line)?.[1] ?? to;
        say(line === "QUIT" ? "221 bye" : "250 go on");
      }
    };
    socket.on("error", () => socket.destroy());
    socket.on("data", (text) => {
      const lines = (waiting + text.toString()).split("\r\n");
      waiting = lines.pop() ?? "";
      lines.forEach(hear);
    });
    say("220 mail.test");
  }
}
