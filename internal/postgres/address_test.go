package postgres_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/postgres"
)

// TestAnAddressThatCannotServeIsRefusedWithoutShowingIt: the words say what to write
// instead, and never the password.
func TestAnAddressThatCannotServeIsRefusedWithoutShowingIt(t *testing.T) {
	t.Parallel()
	for address, says := range map[string]string{
		"postgres://somebody:hidden@host:port/tokenry":                                         "postgres://USER:PASSWORD@HOST:PORT/NAME",
		"postgres://somebody:hidden@host/tokenry?sslmode=perhaps":                              "postgres://USER:PASSWORD@HOST:PORT/NAME",
		"postgres://somebody:hidden@host/tokenry?default_query_exec_mode=simple_protocol":      "simple_protocol writes values into statements",
		"postgres://somebody:hidden@host/tokenry?default_query_exec_mode=describe_exec":        "describe_exec runs other clients' statements",
		"postgres://somebody:hidden@host/tokenry?pool_max_conns=many&application_name=tokenry": "postgres://USER:PASSWORD@HOST:PORT/NAME",
	} {
		_, _, err := postgres.Find(context.Background(), address, time.Second, time.Second)
		refused, ok := errors.AsType[*postgres.AddressError](err)
		if !ok {
			t.Errorf("%s: %v is no AddressError", address, err)
			continue
		}
		if !strings.Contains(refused.Error(), says) {
			t.Errorf("%s: %q does not say %q", address, refused, says)
		}
		if strings.Contains(refused.Error(), "hidden") {
			t.Errorf("%s: %q shows the password", address, refused)
		}
	}
}

// TestAServerThatIsNotThereIsNoMatterOfTheAddress: waiting may help, another address
// need not.
func TestAServerThatIsNotThereIsNoMatterOfTheAddress(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, _, err := postgres.Find(ctx, "postgres://somebody:hidden@127.0.0.1:1/tokenry", time.Second, time.Minute)
	if _, is := errors.AsType[*postgres.AddressError](err); err == nil || is {
		t.Errorf("nobody can be asked, and the answer is %v", err)
	}
}
