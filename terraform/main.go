// Command terraform-provider-tokenry lets Terraform and OpenTofu keep what a Tokenry server has.
//
// It is a module of its own, so that nothing of it is linked into the server.
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/tokenry/tokenry/terraform/provider"
)

// version is written by the linker.
var version = "dev"

func main() {
	serves := provider.New(provider.Edges{Version: version, Getenv: os.Getenv, Now: time.Now, Draw: rand.Text, Wait: wait})
	err := providerserver.Serve(context.Background(), serves, providerserver.ServeOpts{Address: "registry.opentofu.org/tokenry/tokenry"})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func wait(ctx context.Context, d time.Duration) error {
	over, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-over.Done()
	return ctx.Err()
}
