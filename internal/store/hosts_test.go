package store_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// believed is a certificate for an address that signs itself.
func believed(t *testing.T, address netip.Addr) (certificate, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "database"}, IPAddresses: []net.IP{address.AsSlice()},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

// TestTheDatabaseIsBelievedByItsCertificate: by one of the authority that the address
// names, for the host that it names. Waiting for another does not help, and is not done.
func TestTheDatabaseIsBelievedByItsCertificate(t *testing.T) {
	t.Parallel()
	pid := os.Getpid()
	address := netip.AddrFrom4([4]byte{127, byte(1 + pid>>16), byte(pid >> 8), byte(pid)})
	pg := storetest.OwnPostgres(t)
	const options = "?sslmode=verify-full&sslrootcert="
	file := func(text []byte) string {
		path := filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	refused := func(who, url string) {
		_, err := store.Open(t.Context(), store.Options{URL: url})
		if !errors.Is(err, store.ErrNotAdmitted) || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%s: answered %v", who, err)
		}
	}
	elsewhere, key := believed(t, netip.MustParseAddr("192.0.2.1"))
	refused("another host", pg.Secure(t, address, elsewhere, key)+options+file(elsewhere))
	certificate, key := believed(t, address)
	url := pg.Secure(t, address, certificate, key) + options
	s := open(t, store.Options{URL: url + file(certificate)})
	batch(t, s, func(tx ledger.Tx) error { return tx.PutWorkspace(workspace(tx.NewID())) })
	stranger, _ := believed(t, address)
	refused("a stranger", url+file(stranger))
	if _, err := store.OpenUsage(t.Context(), store.Options{URL: url + file(stranger)}); !errors.Is(err, store.ErrNotAdmitted) {
		t.Errorf("usage: answered %v", err)
	}
}

// TestASilentHostIsPassedOver: the next one of the address is asked long before whoever
// opens the database gives up.
func TestASilentHostIsPassedOver(t *testing.T) {
	t.Parallel()
	silent := filepath.Dir(storetest.EmptySQLite(t)[len("sqlite:"):])
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "unix", filepath.Join(silent, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	pg := storetest.OwnPostgres(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	s, err := store.Open(ctx, store.Options{URL: onHosts(silent, pg.Socket())})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Batch(ctx, []func(ledger.Tx) error{func(tx ledger.Tx) error { return tx.PutWorkspace(workspace(tx.NewID())) }}); err != nil {
		t.Error(err)
	}
}

// onHosts is the address of several servers, by the folders of their sockets.
func onHosts(sockets ...string) string {
	return "postgres://postgres@/tokenry?target_session_attrs=read-write&host=" + strings.Join(sockets, ",")
}

// TestAServerThatTakesNoChangesAnyMoreIsLeft: one change is refused, and the next goes
// to the other host, on every connection that was open.
func TestAServerThatTakesNoChangesAnyMoreIsLeft(t *testing.T) {
	t.Parallel()
	first := storetest.OwnPostgres(t)
	second := first.Copy(t, "second")
	second.Start(t)
	s := open(t, store.Options{URL: onHosts(first.Socket(), second.Socket())})
	put := func(tx ledger.Tx) error { return tx.PutWorkspace(workspace(tx.NewID())) }
	var here int64
	if err := s.Read(t.Context(), func(ledger.Reader) error { batch(t, s, put); return nil }); err != nil {
		t.Fatal(err) // two connections, at least
	}
	first.Exec(t, "postgres", `ALTER SYSTEM SET default_transaction_read_only = on`)
	first.Exec(t, "postgres", `SELECT pg_reload_conf()`)
	clocktest.Until(t, func() bool { return first.Show(t, "default_transaction_read_only") == "on" })
	if _, err := s.Batch(t.Context(), []func(ledger.Tx) error{put}); err != nil && !errors.Is(err, ledger.ErrStoreUnavailable) {
		t.Errorf("answered %v", err)
	}
	batch(t, s, put)
	for range 5 {
		err := s.Read(t.Context(), func(r ledger.Reader) error {
			here = r.Revision()
			return s.Read(t.Context(), func(r ledger.Reader) error { here += r.Revision(); return nil })
		})
		if err != nil || here != 2 { // the second was copied before the first one's change
			t.Errorf("read at %d, %v", here, err)
		}
	}
}
