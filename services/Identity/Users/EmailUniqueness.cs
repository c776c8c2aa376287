using MedCor.Contracts;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Users;

/// <summary>
/// Refuses an e-mail address that somebody has in another form than that of today, from before there was one form. Those of today the database's constraint tells, also
/// of two who take one at the same moment. It looks through the whole system, whoever may see whom.
/// </summary>
internal sealed class EmailUniqueness(IServiceScopeFactory scopes)
{
    /// <summary>Throws <see cref="Conflict"/>.</summary>
    /// <param name="exceptUserId">Whose it may be.</param>
    internal async Task EnsureAvailableAsync(string email, CancellationToken ct, Guid? exceptUserId = null)
    {
        var forms = EmailAddresses.GetLookupKeys(email).Skip(1).ToArray();
        if (forms.Length == 0) return;
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        db.Tenancy.Enter(hospital: null);
        if (await db.Accounts.AnyAsync(a => forms.Contains(a.EmailKey) && a.Id != exceptUserId, ct)) throw EmailTaken();
    }

    /// <summary>What whoever wants it is told.</summary>
    internal static ApiException EmailTaken() => new Conflict("Another user has this e-mail address.").WithDetail("field", "email");
}
