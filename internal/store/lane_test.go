package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// TestWhatTakesPowerAwayGoesNextOnAnyNode: three nodes wait for the head row when a
// fourth revokes. It is next, and the others keep their order.
func TestWhatTakesPowerAwayGoesNextOnAnyNode(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	look, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer look.Close(context.Background())
	var nodes []*store.Store
	for range 5 {
		nodes = append(nodes, open(t, store.Options{URL: url, Wait: time.Minute}))
	}
	order := make(chan string, len(nodes))
	put := func(name string) []func(ledger.Tx) error {
		return []func(ledger.Tx) error{func(tx ledger.Tx) error {
			order <- name
			return tx.PutWorkspace(workspace(tx.NewID()))
		}}
	}
	held, release := make(chan bool), make(chan bool)
	answers := make(chan error, len(nodes))
	send := func(commit func(context.Context, []func(ledger.Tx) error) ([]error, error), ms []func(ledger.Tx) error) {
		go func() {
			_, err := commit(context.WithoutCancel(t.Context()), ms)
			answers <- err
		}()
	}
	send(nodes[0].Batch, []func(ledger.Tx) error{func(tx ledger.Tx) error {
		close(held)
		<-release
		return tx.PutWorkspace(workspace(tx.NewID()))
	}})
	<-held
	for i, commit := range []func(context.Context, []func(ledger.Tx) error) ([]error, error){
		nodes[1].Batch, nodes[2].Batch, nodes[3].Batch, nodes[4].BatchNext,
	} {
		send(commit, put(fmt.Sprint(i+1)))
		waiting(t, look, i+1)
	}
	close(release)
	for range nodes {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	close(order)
	var got []string
	for name := range order {
		got = append(got, name)
	}
	if want := []string{"4", "1", "2", "3"}; !slices.Equal(got, want) {
		t.Errorf("the order was %v, want %v", got, want)
	}
}

// waiting returns once so many wait for a lock of the database.
func waiting(t *testing.T, look *pgx.Conn, n int) {
	t.Helper()
	for found := -1; found != n; {
		if err := look.QueryRow(t.Context(), `SELECT count(DISTINCT pid) FROM pg_locks
			WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())`).Scan(&found); err != nil {
			t.Fatal(err)
		}
	}
}
