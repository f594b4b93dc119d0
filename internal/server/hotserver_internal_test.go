package server

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// hotOver is a hot listener over a handler of its own.
func hotOver(h http.HandlerFunc) *hotServer {
	s := &Server{Core: &Core{Options: Options{Logger: slog.New(slog.DiscardHandler), Rand: bytes.NewReader(nil)}}, base: "http://h"}
	s.hot, s.bound = &hotListener{}, newConnections(bounds{total: 10}, nil)
	s.mountHot(h)
	return s.hot.server
}

// hotTalk is a client of a hot server at the other end of a pipe.
type hotTalk struct {
	*testing.T
	net.Conn
	in *bufio.Reader
	// ended is closed when the server has let go of the connection.
	ended chan struct{}
}

func talk(t *testing.T, s *hotServer) *hotTalk {
	t.Helper()
	ours, theirs := net.Pipe()
	c := &hotTalk{t, ours, bufio.NewReader(ours), make(chan struct{})}
	go func() {
		defer close(c.ended)
		_ = s.ServeConn(theirs)
	}()
	t.Cleanup(func() { _ = ours.Close() })
	return c
}

func (c *hotTalk) says(s string) {
	c.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		c.Fatal(err)
	}
}

// hears reads one answer: its status, whether the connection ends, and its body.
func (c *hotTalk) hears(want string) {
	c.Helper()
	resp, err := http.ReadResponse(c.in, nil)
	if err != nil {
		c.Fatalf("for %q: %v", want, err)
	}
	body, err := io.ReadAll(resp.Body)
	if got := fmt.Sprintf("%d close=%v %s", resp.StatusCode, resp.Close, body); err != nil || resp.Body.Close() != nil || got != want {
		c.Errorf("%q, %v; want %q", got, err, want)
	}
}

// echo answers with what came.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.Header()["Connection"] = []string{"close"}
	}
	_, _ = fmt.Fprintf(w, "%s %s %v", r.URL.Path, body, err)
}

const hotPost = "POST /v1/verify HTTP/1.1\r\nHost: h\r\n"

// TestAHotConnectionGoesOnWhereItsFramesAreWhole: bytes come as they like, and behind what
// was not read to its end nothing is read.
func TestAHotConnectionGoesOnWhereItsFramesAreWhole(t *testing.T) {
	t.Parallel()
	s := hotOver(echo)
	c := talk(t, s)
	for _, b := range []byte("\r\n\r\n" + hotPost + "Content-Length: 5\r\n\r\nhe") {
		c.says(string(b))
	}
	c.says("llo" + hotPost) // the next one has begun
	c.hears("200 close=false /v1/verify hello <nil>")
	c.says("Content-Length: 0\r\n\r\n")
	c.hears("200 close=false /v1/verify  <nil>")
	c.says(hotPost + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
	if line, err := c.in.ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" {
		t.Errorf("%q, %v", line, err)
	}
	_, _ = c.in.ReadString('\n')
	c.says("{}")
	c.hears("200 close=false /v1/verify {} <nil>")
	c.says("GET /v1/verify HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
	c.hears("200 close=false /v1/verify  <nil>")
	c.says("GET /v1/verify HTTP/1.0\r\n\r\n")
	c.hears("200 close=true /v1/verify  <nil>")
	<-c.ended
	for request, want := range map[string]string{
		hotPost + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n":      "200 close=true /v1/verify {} <nil>",
		hotPost + "Transfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: a\r\n\r\n": "200 close=true /v1/verify  " + errUnread.Error(),
		hotPost + "Connection: x, Close\r\n\r\n":                                "200 close=true /v1/verify  <nil>",
	} {
		c := talk(t, s)
		go func() { _, _ = io.WriteString(c, request+hotPost+"\r\n") }() // cut off on the way
		c.hears(want)
		<-c.ended
	}
	lazy := talk(t, hotOver(func(http.ResponseWriter, *http.Request) {}))
	go func() { _, _ = io.WriteString(lazy, hotPost+"Content-Length: 5\r\n\r\nhello"+hotPost+"\r\n") }()
	lazy.hears("200 close=true ")
	<-lazy.ended
}

// TestWhatAHotDoorCutsIsCut, without a word of an answer.
func TestWhatAHotDoorCutsIsCut(t *testing.T) {
	t.Parallel()
	c := talk(t, hotOver(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		panic(http.ErrAbortHandler)
	}))
	c.says(hotPost + "\r\n")
	if b, err := io.ReadAll(c.in); err != nil || len(b) > 0 {
		t.Errorf("%q, %v", b, err)
	}
	<-c.ended
}

// TestHotConnectionsWaitNoLongerThanTheyMay for a first byte, the rest of a head, a body
// and the next request.
func TestHotConnectionsWaitNoLongerThanTheyMay(t *testing.T) {
	t.Parallel()
	for sent, most := range map[string]time.Duration{
		"": readTimeout, "GET /v1/verify HT": readTimeout, hotPost + "Content-Length: 3\r\n\r\nab": readTimeout, hotPost + "\r\n": idleTimeout,
	} {
		synctest.Test(t, func(t *testing.T) {
			c := talk(t, hotOver(echo))
			begun := time.Now()
			c.says(sent)
			_, _ = io.Copy(io.Discard, c.in) // an answer, where there is one
			<-c.ended
			if took := time.Since(begun); took != most {
				t.Errorf("%q: %v", sent, took)
			}
		})
	}
}

// TestAHotListenerStops: who waits for nothing is let go, who waits for an answer gets it
// as the last, and whose answer takes too long is cut.
func TestAHotListenerStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var answering sync.WaitGroup
		answering.Add(2)
		s := hotOver(func(w http.ResponseWriter, r *http.Request) {
			answering.Done()
			if strings.HasPrefix(r.URL.Path, "/v1/ext-authz/") {
				time.Sleep(time.Hour)
			}
			time.Sleep(time.Second)
		})
		idle, quick, slow := talk(t, s), talk(t, s), talk(t, s)
		quick.says(hotPost + "\r\n")
		slow.says("GET /v1/ext-authz/x HTTP/1.1\r\nHost: h\r\n\r\n")
		answering.Wait()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		ended := make(chan error)
		go func() { ended <- s.Shutdown(ctx) }()
		if _, err := idle.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("an idle one: %v", err)
		}
		quick.hears("200 close=true ")
		<-quick.ended
		if err := <-ended; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("one took an hour: %v", err)
		}
		if _, err := slow.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("the slow one: %v", err)
		}
		<-slow.ended
		if late := talk(t, s); late != nil {
			<-late.ended
		}
	})
}
