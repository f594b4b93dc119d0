package notify_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/notify"
)

// silent is a mail server that says nothing more once it hears a word.
func silent(t *testing.T, from string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go converse(conn, from)
		}
	}()
	return "smtp://" + l.Addr().String()
}

func converse(conn net.Conn, until string) {
	defer conn.Close()
	answers := map[string]string{
		"CONNECT": "220 ready", "EHLO": "250 ok", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go on", ".": "250 accepted",
		"RSET": "250 ok", "QUIT": "221 bye",
	}
	word, mute := "CONNECT", false
	for lines := bufio.NewScanner(conn); ; word, _, _ = strings.Cut(lines.Text(), " ") {
		mute = mute || word == until
		if answer := answers[word]; answer != "" && !mute { // a line of the text is answered with none
			_, _ = io.WriteString(conn, answer+"\r\n")
		}
		if !lines.Scan() {
			return
		}
	}
}

// TestAMailServerThatGoesSilentHoldsNobodyUp: whoever waits for a mail has a
// deadline, and the mail is given up by then, whichever step is not answered.
func TestAMailServerThatGoesSilentHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"CONNECT", "EHLO", "MAIL", "RCPT", "DATA", ".", "RSET", "QUIT"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			server, err := notify.ParseSMTP(silent(t, step))
			if err != nil {
				t.Fatal(err)
			}
			m, err := server.Mailer("tokenry@example.com", nil)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			ended := make(chan error, 1)
			go func() {
				ended <- m.Send(ctx, notify.Message{ID: "1", To: "ada@example.com", Subject: "s", Text: "t", Date: time.Now()})
			}()
			accepted := step == "RSET" || step == "QUIT"
			select {
			case err := <-ended:
				if (err == nil) != accepted {
					t.Errorf("answered %v", err)
				}
			case <-time.After(20 * time.Second): // a step has 30 of its own
				t.Error("it still waits")
			}
		})
	}
}
