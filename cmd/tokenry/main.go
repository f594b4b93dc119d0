// Command tokenry is the token office for an API: tokenry help says more.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/tokenry/tokenry/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	err := cli.Run(ctx, os.Args[1:], cli.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.LookupEnv})
	os.Exit(cli.ExitCode(err))
}
