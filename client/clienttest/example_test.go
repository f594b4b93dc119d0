package clienttest_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client/clienttest"
)

// In a test [clienttest.New] is shorter: it ends with the test.
func ExampleStart() {
	office, err := clienttest.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer func() {
		if err := office.Close(); err != nil {
			log.Fatal(err)
		}
	}()
	var in api.CreateToken
	in.Label, in.ExpiresIn = api.Some("short"), api.Some(api.Day)
	issued, err := office.Client.CreateToken(context.Background(), "", in)
	if err != nil {
		log.Fatal(err)
	}
	for _, later := range []time.Duration{0, 24 * time.Hour} {
		office.Advance(later)
		r, err := office.Client.Verify(context.Background(), issued.Secret)
		fmt.Println(r.Code, err)
	}
	// Output:
	// ok <nil>
	// expired <nil>
}
