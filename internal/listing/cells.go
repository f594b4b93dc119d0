package listing

import (
	"strconv"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
)

// Head names the columns of a file of tokens; they are added to at the end and never renamed.
func Head() []string {
	return []string{"id", "locator", "kind", "owner", "owner_name", "label", "description", "masked", "role", "scopes", "resources",
		"status", "usable", "blocked_by", "outside_policy", "created_at", "created_by", "created_with", "expires_at", "last_used_at",
		"last_used_ip", "disabled_at", "revoked_at", "revoke_reason", "rotated_at", "allowed_ips"}
}

// Cells are the row of a token in that file.
func Cells(t api.Token) []string {
	return []string{t.ID, t.Locator, t.Kind, t.Owner.Address, t.Owner.Name, t.Label, t.Description, t.Masked, value(t.Role),
		strings.Join(t.Scopes, " "), strings.Join(t.Resources, " "), t.Status, strconv.FormatBool(t.Usable), value(t.BlockedBy),
		strconv.FormatBool(t.OutsidePolicy), stamp(&t.CreatedAt), t.CreatedBy, value(t.CreatedWith), stamp(t.ExpiresAt),
		stamp(t.LastUsedAt), value(t.LastUsedIP), stamp(t.DisabledAt), stamp(t.RevokedAt), value(t.RevokeReason),
		stamp(t.RotatedAt), strings.Join(t.AllowedIPs, " ")}
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
