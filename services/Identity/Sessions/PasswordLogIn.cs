using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Identity.Accounts;
using MedCor.Identity.Audit;
using MedCor.Identity.Hospitals;
using MedCor.Identity.IdentityProviders;
using MedCor.Identity.Passwords;
using MedCor.Identity.SecondFactors;
using MedCor.ServiceDefaults.Authentication;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace MedCor.Identity.Sessions;

/// <summary>Represents a login whose password is correct.</summary>
/// <param name="Factors">The second factors of the user.</param>
/// <param name="Methods">How the user has logged in; null when a second factor is still to be shown.</param>
internal sealed record VerifiedPassword(Account Account, EnrolledFactors Factors, string? Methods);

/// <summary>
/// Verifies e-mail addresses and passwords. A wrong password, an address without an account and a user who may no longer log in all get the same answer, by the
/// same steps and so in the same time.
/// </summary>
internal sealed class PasswordLogIn(IdentityDb db, LockOut lockOut, PasswordHasher hashes, SecondFactorManager secondFactors, SignInPolicies policies,
    ProviderSettings providers, SessionTrail trail, IOptions<TokenOptions> tokens)
{
    /// <summary>
    /// Returns the account of an address and its password; null when they are wrong. Throws <see cref="RateLimited"/> while the address is locked,
    /// <see cref="ProviderRequired"/> when the password is right and the hospital accepts none, and <see cref="TemporaryPassword"/> when it must be replaced
    /// first; not before the second factor of a user who has one.
    /// </summary>
    internal Task<VerifiedPassword?> VerifyAsync(string email, string password, CancellationToken ct) =>
        VerifyAsync(email, password, code: null, prepare: () => Task.CompletedTask, Task.FromResult<VerifiedPassword?>, ct, isPage: true);

    /// <summary>
    /// Verifies a password and a code and, if they are correct, returns what a function returns in the transaction that records the attempt. The function also
    /// decides about a correct password without the code that the user would have. A correct password that is refused is recorded too: somebody else may know
    /// it.
    /// </summary>
    /// <param name="code">A code of the second factor; ignored for a user without one.</param>
    /// <param name="prepare">What takes a connection of its own, and so must be done outside of the transaction.</param>
    /// <param name="acceptsTemporary">Whether to proceed with a temporary password too.</param>
    /// <param name="hospitalId">The hospital to open; null for the last used of those that the login opens.</param>
    /// <param name="isPage">Whether the user logs in on a page, which opens what <see cref="ChooseAsync"/> returns.</param>
    internal async Task<T?> VerifyAsync<T>(string email, string password, string? code, Func<Task> prepare, Func<VerifiedPassword, Task<T?>> proceed,
        CancellationToken ct, bool acceptsTemporary = false, Guid? hospitalId = null, bool isPage = false)
        where T : class
    {
        db.Tenancy.Enter(hospital: null);
        var emailKey = EmailAddresses.GetLookupKey(email);
        await lockOut.ThrowIfLockedAsync(emailKey, ct);

        var account = await db.FindByEmailAsync(email, ct, hospitalId);
        // Outside the transaction: verifying takes a tenth of a second, during which no connection and no lock is held.
        var hash = account?.Login!.PasswordHash;
        var (matches, isOutdated) = await hashes.CheckAsync(hash, password, first: () => lockOut.ThrowIfLockedAsync(emailKey, ct), ct);
        var isCorrect = matches && account is { CanLogIn: true };
        var strongerHash = isCorrect && isOutdated ? await hashes.HashAsync(password, ct) : null;
        if (isCorrect && isPage) account = await ChooseAsync(account!, ct);
        await prepare();

        try
        {
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            var verified = isCorrect ? await VerifyCodeAsync(account!, code, ct) : null;
            await lockOut.RecordAsync(emailKey, isCorrect: verified is null ? false : verified.Methods is null ? null : true, account, ct);
            var refusal = verified is null ? null : await FindRefusalAsync(verified, acceptsTemporary, ct);
            // Unless the password was changed in the meantime. Before a session is started, because a change of the password locks the login first too.
            if (verified is not null && strongerHash is not null)
                await db.Logins.Where(l => l.Id == verified.Account.Login!.Id && l.PasswordHash == hash)
                    .ExecuteUpdateAsync(l => l.SetProperty(x => x.PasswordHash, strongerHash), ct);
            var result = verified is not null && refusal is null ? await proceed(verified) : null;
            await transaction.CommitAsync(ct);
            return refusal is null ? result : throw refusal;
        }
        catch (ApiException e) when (isCorrect && e.Status is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden)
        {
            // The transaction of the attempt is over.
            string[] missing = e.Code == ErrorCodes.AuthSecondFactor ? ["second_factor"] : [];
            await trail.RecordOfStrangerAsync(SessionTrail.LogIn, account, AuditOutcome.Forbidden, CancellationToken.None, fields: missing);
            throw;
        }
    }

    /// <summary>
    /// Returns the user whom a login opens on a page, where nobody can name a hospital: the given one, unless that hospital requires its own provider and
    /// another one that the login opens does not.
    /// </summary>
    internal async Task<Account> ChooseAsync(Account account, CancellationToken ct)
    {
        if (await providers.FindRequiredAsync(account, ct) is null) return account;
        foreach (var other in await db.FindAllByEmailAsync(account.Login!.Email, ct))
            if (other.CanLogIn && await providers.FindRequiredAsync(other, ct) is null) return other;
        return account;
    }

    /// <summary>Returns why a correct password opens nothing; null when it does.</summary>
    private async Task<ApiException?> FindRefusalAsync(VerifiedPassword verified, bool acceptsTemporary, CancellationToken ct)
    {
        if (await providers.FindRequiredAsync(verified.Account, ct) is { } required) return required;
        // Without the second factor, a password does not open its own change either.
        return acceptsTemporary || verified.Methods is null ? null : await FindTemporaryAsync(verified.Account, ct);
    }

    /// <summary>Returns the refusal of a user whose password somebody else chose, where the hospital does not accept that; null for any other user.</summary>
    internal async Task<TemporaryPassword?> FindTemporaryAsync(Account account, CancellationToken ct) =>
        account.Login!.HasTemporaryPassword && !(await policies.GetAsync(account.HospitalId, ct)).AcceptsChosenPasswords
            ? new TemporaryPassword(account, tokens.Value.ServerUrl)
            : null;

    /// <summary>Returns the login of a user whose password is correct; null when the code is wrong.</summary>
    private async Task<VerifiedPassword?> VerifyCodeAsync(Account account, string? code, CancellationToken ct)
    {
        var factors = await secondFactors.FindAsync(account.Login!, ct);
        if (!factors.Any) return new(account, factors, AuthenticationMethods.Password);
        if (code is null) return new(account, factors, Methods: null);
        return await secondFactors.SpendAsync(account.Login!, code, ct) is { } methods ? new(account, factors, methods) : null;
    }
}

/// <summary>Represents a login with a password that somebody else chose. It opens nothing but its own change.</summary>
internal sealed class TemporaryPassword(Account account, string publicUrl) : ApiException(403, ErrorCodes.PermissionDenied,
    $"The password is temporary, because somebody else chose it. Choose your own at {publicUrl}/oauth/login, or send email, password and "
        + "new_password to POST /api/auth/password.")
{
    internal Account Account => account;
}
