package operator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/demo"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/server"
	"github.com/tokenry/tokenry/internal/stamp"
)

// demo runs a throw-away server with sample data.
func (a *operator) demo() *cobra.Command {
	var listen string
	var once bool
	cmd := a.Command("demo", "Run a throw-away server with sample data that prints what to try", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		return a.runDemo(cmd.Context(), listen, once)
	})
	cmd.Long = `Run a server in a temporary folder, filled with two workspaces, their people,
service accounts, roles and tokens in every state, and print what to try. All of
it is removed at the end, which is Ctrl-C.`
	cmd.Flags().StringVar(&listen, "listen", "", "address, host:port (default 127.0.0.1:8080, or the next port that is free)")
	cmd.Flags().BoolVar(&once, "once", false, "print what to try and end at once")
	return cmd
}

func (a *operator) runDemo(ctx context.Context, listen string, once bool) (err error) {
	folder, err := os.MkdirTemp("", "tokenry-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	clock := demo.NewCalendar(a.Now)
	s, err := a.demoServer(ctx, folder, listen, clock)
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	defer stop()
	served := make(chan error, 1)
	go func() { served <- s.Serve(serving) }()
	guide, err := fillDemo(ctx, s, clock)
	if err == nil {
		guide.Folder = demo.Away()
		fmt.Fprint(a.Out, guide)
		if !once {
			fmt.Fprintln(a.Err, "The demo runs until Ctrl-C; everything in it goes with it.")
			return <-served
		}
	}
	stop()
	return errors.Join(err, <-served)
}

// fillDemo makes the first Owner, who signs in with the password of all, and then
// everything else through the client.
func fillDemo(ctx context.Context, s *server.Server, clock *demo.Calendar) (guide demo.Guide, err error) {
	first := office.Bootstrap{Email: demo.Email, Workspace: demo.Workspace}
	if first.PasswordHash, err = s.Passwords.Hash(demo.Password); err != nil {
		return guide, err
	}
	started, err := s.Authority.Bootstrap(ctx, first)
	if err != nil {
		return guide, err
	}
	return demo.Fill(ctx, s.BaseURL(), started.Secret.Reveal(), clock)
}

// demoServer listens on the address, or on the first free port from 8080 on.
func (a *operator) demoServer(ctx context.Context, folder, listen string, clock *demo.Calendar) (*server.Server, error) {
	if listen == "" {
		listen = freeAddress(ctx)
	}
	settings := map[string]string{
		"TOKENRY_DATA": folder, "TOKENRY_LISTEN": listen, "TOKENRY_LOG_LEVEL": "warn", "TOKENRY_SHUTDOWN_TIMEOUT": "2s",
	}
	cfg, err := config.Load(nil, func(name string) (string, bool) {
		v, ok := settings[name]
		return v, ok
	})
	if err != nil {
		return nil, err
	}
	return server.Listen(ctx, cfg, server.Options{Logger: server.NewLogger(cfg, a.Err), Now: clock.Now, Version: stamp.Read().Version})
}

// freeAddress is the first free port of the loopback from 8080 on, or any. Another
// program may take it before we do; then the demo says so.
func freeAddress(ctx context.Context) string {
	var lc net.ListenConfig
	for port := 8080; port < 8100; port++ {
		address := fmt.Sprintf("127.0.0.1:%d", port)
		if l, err := lc.Listen(ctx, "tcp", address); err == nil {
			_ = l.Close() // it was only tried
			return address
		}
	}
	return "127.0.0.1:0"
}
