using MedCor.Contracts;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Users;

/// <summary>
/// Rejects an e-mail address that another user has in an older form, from before addresses had one canonical form. The constraint in the database rejects
/// duplicates of the canonical form, also when two users take an address at the same moment. The check covers the whole system, whatever the caller may see.
/// </summary>
internal sealed class EmailUniqueness(IServiceScopeFactory scopes)
{
    /// <summary>Throws <see cref="Conflict"/> when another user has the address in an older form.</summary>
    /// <param name="exceptUserId">The user who may have the address.</param>
    internal async Task EnsureAvailableAsync(string email, CancellationToken ct, Guid? exceptUserId = null)
    {
        string[] forms = [.. EmailAddresses.GetLookupKeys(email).Skip(1)];
        if (forms.Length == 0) return;
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        db.Tenancy.Enter(hospital: null);
        if (await db.Logins.AnyAsync(l => forms.Contains(l.EmailKey) && !db.Memberships.Any(m => m.LoginId == l.Id && m.UserId == exceptUserId), ct))
            throw EmailTaken();
    }

    /// <summary>Creates the error for an address that another user has.</summary>
    internal static ApiException EmailTaken() => new Conflict("Another user has this e-mail address.").WithDetail("field", "email");
}
