// Command saas is the first day of a customer of a product that keeps its customers'
// workspaces in Tokenry. It is run with the address of a server, a token that
// holds instance:admin (the product's back end) and one that holds
// instance:verify (the product's API):
//
//	TOKENRY_SERVER=https://tokens.example.com TOKENRY_ADMIN=tkyw_… TOKENRY_VERIFY=tkyw_… go run ./examples/saas
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
)

func main() {
	if err := run(context.Background(), os.Getenv, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run does the day, or says where it ended.
func run(ctx context.Context, getenv func(string) string, out io.Writer) error {
	backEnd, err := client.New(getenv("TOKENRY_SERVER"), getenv("TOKENRY_ADMIN"))
	if err != nil {
		return err
	}
	product, err := client.New(getenv("TOKENRY_SERVER"), getenv("TOKENRY_VERIFY"))
	if err != nil {
		return err
	}

	// Everything is named by the product's own ids; putting it twice does no harm.
	const customer, mia = "ext:customer-4711", "ext:user-1"
	workspace := api.PutWorkspace{Slug: "customer-4711"}
	workspace.Name = api.Some("Mia's Bakery")
	if _, err := backEnd.PutWorkspace(ctx, customer, workspace); err != nil {
		return err
	}
	member := api.CreateMember{Name: api.Some("Mia")} // no e-mail, no password: she signs in to the product
	member.Role, member.Resources = api.Some("Team Member"), api.Some([]string{"*"})
	if _, err := backEnd.PutMember(ctx, customer, mia, member); err != nil {
		return err
	}

	// Mia presses a button in the product's account page. Her rights decide, not the back end's.
	ask := api.CreateToken{}
	ask.Label = api.Some("Mia's laptop")
	hers, err := backEnd.ActAs(mia).CreateToken(ctx, customer, ask)
	if err != nil {
		return err
	}
	robot := api.CreateServiceAccount{Name: "nightly-export"}
	robot.Scopes, robot.Resources = api.Some([]string{"orders:read"}), api.Some([]string{"*"})
	if _, err := backEnd.CreateServiceAccount(ctx, customer, robot); err != nil {
		return err
	}
	ask = api.CreateToken{Owner: "nightly-export"}
	ask.Label = api.Some("Export")
	its, err := backEnd.CreateToken(ctx, customer, ask)
	if err != nil {
		return err
	}

	// The product's API is called with either, and learns whose it is by its own ids.
	for _, secret := range []string{hers.Secret, its.Secret} {
		v, err := product.Verify(ctx, secret, client.Scope("orders:read"), client.Resource("shop-1"))
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: %s %s of %s\n", v.Code, v.Principal.Type, ours(v.Principal), *v.WorkspaceExternalID)
	}

	// The bill was not paid: everything stops at once, and comes back the day it is.
	if _, err := backEnd.SuspendWorkspace(ctx, customer); err != nil {
		return err
	}
	v, err := product.Verify(ctx, hers.Secret)
	fmt.Fprintf(out, "suspended: %s\n", v.Code)
	return err
}

// ours is what the product calls a principal; an automation has no id of the
// product's, but a name.
func ours(p *api.Principal) string {
	if p.ExternalID == nil {
		return p.Name
	}
	return *p.ExternalID
}
