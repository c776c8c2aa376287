using MedCor.Platform.OperatorCommands;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Keys;

/// <summary>
/// Creates a key that signs from now on, for when a key or the secret was lost. With <c>--revoke KID</c>, for a stolen key, that key is also revoked: it is no
/// longer published, and within seconds every process rejects the tokens that it signed.
/// </summary>
internal sealed class RotateKeys(IdentityDb db, KeyRing ring, TimeProvider clock) : IOperatorCommand
{
    public string Name => "rotate-keys";

    public bool TakesArguments => true;

    public async Task<int> RunAsync(string[] arguments, CancellationToken ct)
    {
        if (arguments is not ([] or ["--revoke", _]))
        {
            await Console.Error.WriteLineAsync("Usage: rotate-keys, or rotate-keys --revoke KID to revoke a stolen key.");
            return 64;
        }
        db.Tenancy.Enter(hospital: null);
        var revoked = arguments.ElementAtOrDefault(1);
        var keyIds = await db.SigningKeys.OrderBy(k => k.SignsFrom).Select(k => k.Id).ToListAsync(ct);
        if (revoked is not null && !keyIds.Contains(revoked))
        {
            await Console.Error.WriteLineAsync($"{revoked} is not an existing key; nothing was changed. Existing keys: {string.Join(", ", keyIds)}.");
            return 1;
        }
        var keys = await ring.RotateAsync(at: clock.GetUtcNow(), ct, revoked);
        if (revoked is not null) Console.WriteLine($"{revoked} is revoked. Tokens that it signed are refused within seconds; their owners refresh them.");
        Console.WriteLine($"{keys.MaxBy(k => k.CreatedAt)!.Id} signs from now on.");
        return 0;
    }
}
