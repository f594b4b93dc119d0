package store_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// TestMigrateReplicasCounted: 00023_replicas_counted keeps out builds that would answer a
// revocation before the programs that verify by a node's word have applied it.
func TestMigrateReplicasCounted(t *testing.T) {
	t.Parallel()
	empty(t, func(on engine) {
		before(on, beside(on.T, on.url), 22)
		if diff := cmp.Diff([]string{"17"}, texts(on.T, beside(on.T, on.url), `SELECT CAST(lowest AS TEXT) FROM builds`)); diff != "" {
			on.Errorf("before (-want +got):\n%s", diff)
		}
		open(on.T, store.Options{URL: on.url})
		if diff := cmp.Diff([]string{"19"}, texts(on.T, beside(on.T, on.url), `SELECT CAST(lowest AS TEXT) FROM builds`)); diff != "" {
			on.Errorf("after (-want +got):\n%s", diff)
		}
	})
}

// TestReplicasAreNotCountedByABuildOfBefore: while such a node lives, the schema stays; one
// that died holds nothing up.
func TestReplicasAreNotCountedByABuildOfBefore(t *testing.T) {
	t.Parallel()
	url := storetest.EmptyPostgres(t)
	on := engine{t, url}
	before(on, beside(t, url), 22)
	db := beside(t, url)
	insert(on, db, `INSERT INTO leases (node, incarnation, renewal, applied, due, length, holder) VALUES ('node_old', 'i', 1, 0, 0, 300000, 'old:1')`)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				_, _ = db.ExecContext(t.Context(), `UPDATE leases SET renewal = renewal + 1`)
			}
		}
	}()
	_, err := store.Open(t.Context(), store.Options{URL: url})
	close(stop)
	<-stopped
	if err == nil || !strings.Contains(err.Error(), "old:1") {
		t.Errorf("beside a node that knows nothing of replicas: %v", err)
	}
	open(t, store.Options{URL: url})
}
