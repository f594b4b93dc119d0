package listing

import (
	"strconv"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
)

// Head names the columns of a file of tokens; they are added to at the end and never renamed.
func Head() []string {
	return []string{"id", "locator", "kind", "owner", "owner_name", "label", "description", "masked", "role", "scopes", "resources",
		"status", "usable", "blocked_by", "outside_policy", "created_at", "created_by", "created_with", "expires_at", "last_used_at",
		"last_used_ip", "disabled_at", "revoked_at", "revoke_reason", "rotated_at", "allowed_ips"}
}

// Cells are the row of a token in that file.
func Cells(t api.Token) []string {
	return []string{t.ID, t.Locator, t.Kind, t.Owner.Address, t.Owner.Name, t.Label, t.Description, t.Masked, door.Text(t.Role),
		strings.Join(t.Scopes, " "), strings.Join(t.Resources, " "), t.Status, strconv.FormatBool(t.Usable), door.Text(t.BlockedBy),
		strconv.FormatBool(t.OutsidePolicy), door.Stamp(&t.CreatedAt), t.CreatedBy, door.Text(t.CreatedWith), door.Stamp(t.ExpiresAt),
		door.Stamp(t.LastUsedAt), door.Text(t.LastUsedIP), door.Stamp(t.DisabledAt), door.Stamp(t.RevokedAt), door.Text(t.RevokeReason),
		door.Stamp(t.RotatedAt), strings.Join(t.AllowedIPs, " ")}
}
