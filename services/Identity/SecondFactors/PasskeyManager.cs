using System.Globalization;
using System.Security.Cryptography;
using MedCor.Contracts.Clinical;
using MedCor.Identity.Accounts;
using MedCor.Identity.Audit;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using TokenOptions = MedCor.ServiceDefaults.Authentication.TokenOptions;

namespace MedCor.Identity.SecondFactors;

/// <summary>Represents what a page asks of the browser's authenticators.</summary>
/// <param name="Options">The options for the browser, as JSON.</param>
/// <param name="State">The protected challenge, which the form sends back with the answer.</param>
internal sealed record PasskeyChallenge(string Options, string State);

/// <summary>
/// Creates passkeys and verifies logins with them. A passkey proves two factors: the possession of a device, which knows who uses it. A challenge is good for
/// five minutes and, since a passkey accepts none that is older than its last use, once.
/// </summary>
internal sealed class PasskeyManager(IdentityDb db, IPasskeyHandler<Login> handler, IDataProtectionProvider protection, SessionTrail trail,
    TimeProvider clock)
{
    internal const int MaxPerUser = 10;
    internal const int MaxNameLength = 100;
    private const string LogIn = "passkey log-in";
    private const string Creation = "passkey creation";
    private static readonly TimeSpan ChallengeLifetime = TimeSpan.FromMinutes(5);

    internal static void AddTo(IServiceCollection services)
    {
        services.AddScoped<PasskeyManager>().AddScoped<PasskeyStore>().AddScoped<IPasskeyHandler<Login>, PasskeyHandler<Login>>();
        services.AddScoped(provider => new UserManager<Login>(provider.GetRequiredService<PasskeyStore>(), optionsAccessor: null!, passwordHasher: null!,
            userValidators: null!, passwordValidators: null!, keyNormalizer: null!, errors: null!, services: null!,
            provider.GetRequiredService<ILogger<UserManager<Login>>>()));
        services.AddOptions<IdentityPasskeyOptions>().Configure<IOptions<TokenOptions>>((passkeys, tokens) =>
        {
            var address = new Uri(tokens.Value.ServerUrl);
            passkeys.ServerDomain = address.Host;
            passkeys.UserVerificationRequirement = "required";
            passkeys.ResidentKeyRequirement = "required";
            passkeys.AttestationConveyancePreference = "none";
            passkeys.AuthenticatorTimeout = ChallengeLifetime;
            // The pages send no referrer, so browsers do not tell their origin in a header.
            passkeys.ValidateOrigin = context => ValueTask.FromResult(!context.CrossOrigin && context.Origin == address.GetLeftPart(UriPartial.Authority));
        });
    }

    internal async Task<PasskeyChallenge> BeginCreationAsync(HttpContext http, Account account)
    {
        var login = account.Login!;
        var options = await handler.MakeCreationOptionsAsync(
            new() { Id = login.Id.ToString(), Name = login.Email, DisplayName = $"{account.FirstName} {account.LastName}" }, http);
        return new(options.CreationOptionsJson, Protect(Creation, login.Id, options.AttestationState));
    }

    /// <summary>Adds the passkey that answers a challenge, in the caller's transaction. Returns false when the answer is not valid.</summary>
    /// <param name="name">The name by which the user recognizes the passkey.</param>
    internal async Task<bool> AddAsync(HttpContext http, Account account, string name, string credential, string state)
    {
        var login = account.Login!;
        if (Unprotect(Creation, login.Id, state) is not { } challenge) return false;
        var attested = await handler.PerformAttestationAsync(new() { HttpContext = http, CredentialJson = credential, AttestationState = challenge.State });
        if (!attested.Succeeded || await db.Passkeys.CountAsync(p => p.LoginId == login.Id, http.RequestAborted) >= MaxPerUser) return false;
        db.Add(Passkey.From(attested.Passkey, login.Id, name, clock.GetUtcNow()));
        await db.SaveChangesAsync(http.RequestAborted);
        await trail.RecordChangeOfLoginAsync("add_passkey", account, http.RequestAborted);
        return true;
    }

    /// <param name="account">The user who is asked for a passkey; null for any.</param>
    internal async Task<PasskeyChallenge> BeginLogInAsync(HttpContext http, Account? account)
    {
        var login = account?.Login;
        var options = await handler.MakeRequestOptionsAsync(login, http);
        return new(options.RequestOptionsJson, Protect(LogIn, login?.Id, options.AssertionState));
    }

    /// <summary>Returns who has answered a challenge, and how they have logged in; null when the answer is not valid or was used before.</summary>
    /// <param name="account">The user who was asked, after the password; null when anybody was, without one.</param>
    internal async Task<(Account Account, string Methods)?> VerifyAsync(HttpContext http, Account? account, string credential, string state)
    {
        var verified = await FindAsync(http, account, credential, state);
        if (verified is null) await trail.RecordOfStrangerAsync(SessionTrail.LogIn, account, AuditOutcome.Forbidden, http.RequestAborted);
        return verified;
    }

    private async Task<(Account Account, string Methods)?> FindAsync(HttpContext http, Account? account, string credential, string state)
    {
        if (Unprotect(LogIn, account?.Login!.Id, state) is not { } challenge) return null;
        var asserted = await handler.PerformAssertionAsync(new() { HttpContext = http, CredentialJson = credential, AssertionState = challenge.State });
        if (!asserted.Succeeded || asserted.User is not { } login || (account is not null && login.Id != account.Login!.Id)) return null;
        if ((account ?? await db.FindByLoginAsync(login.Id, http.RequestAborted)) is not { CanLogIn: true } user) return null;
        var (id, now, count, isBackedUp) = (asserted.Passkey.CredentialId, clock.GetUtcNow(), (long)asserted.Passkey.SignCount, asserted.Passkey.IsBackedUp);
        var isFirstUse = await db.Passkeys.Where(p => p.CredentialId == id && p.LastUsedAt < challenge.At).ExecuteUpdateAsync(p => p
            .SetProperty(x => x.LastUsedAt, now).SetProperty(x => x.SignCount, count).SetProperty(x => x.IsBackedUp, isBackedUp), http.RequestAborted) > 0;
        return isFirstUse
            ? (user, AuthenticationMethods.AddPasskey(account is null ? null : AuthenticationMethods.Password, isSynced: asserted.Passkey.IsBackupEligible))
            : null;
    }

    private string Protect(string purpose, Guid? loginId, string? state) => CreateProtector(purpose, loginId)
        .Protect(string.Create(CultureInfo.InvariantCulture, $"{clock.GetUtcNow().UtcTicks} {state}"), ChallengeLifetime);

    private (DateTimeOffset At, string State)? Unprotect(string purpose, Guid? loginId, string text)
    {
        try
        {
            var parts = CreateProtector(purpose, loginId).Unprotect(text).Split(' ', 2);
            return (new(long.Parse(parts[0], CultureInfo.InvariantCulture), TimeSpan.Zero), parts[1]);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private ITimeLimitedDataProtector CreateProtector(string purpose, Guid? loginId) =>
        protection.CreateProtector(purpose, loginId?.ToString() ?? "anybody").ToTimeLimitedDataProtector();
}
