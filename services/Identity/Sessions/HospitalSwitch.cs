using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Audit;
using MedCor.Identity.Hospitals;
using MedCor.Identity.IdentityProviders;
using MedCor.Identity.Keys;
using MedCor.Identity.SecondFactors;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Sessions;

/// <summary>
/// Opens another hospital for somebody who has logged in, by the rules of that hospital: its provider, second factors and lifetimes of sessions. A login
/// through the provider of a hospital opens that hospital alone, because each hospital trusts its own.
/// </summary>
internal sealed class HospitalSwitch(
    IdentityDb db, KeyRing keys, SessionManager sessions, SignInPolicies policies, SecondFactorManager secondFactors, ProviderSettings providers,
    PasswordLogIn passwords, SessionTrail trail, TimeProvider clock)
{
    /// <summary>
    /// Starts a session of the caller's login at another hospital and returns its tokens. The caller's session goes on. Throws <see cref="Unauthenticated"/>
    /// when that is over, or too old for the other hospital, and as <see cref="FindAsync"/> does. A refusal is recorded in the trail of the caller's hospital.
    /// </summary>
    internal async Task<SessionTokens> StartAsync(SwitchHospital request, Caller caller, CancellationToken ct)
    {
        db.Tenancy.Enter(hospital: null);
        try
        {
            // A program has been allowed one hospital.
            caller.RequireOwnLogIn("change the hospital");
            return await StartSessionAsync(request, caller, ct);
        }
        catch (ApiException refusal)
        {
            await trail.RecordAsync(
                SessionTrail.SwitchHospital, caller.SessionId, CancellationToken.None, AuditDescriptor.GetOutcome(refusal) ?? AuditOutcome.Forbidden);
            throw;
        }
    }

    private async Task<SessionTokens> StartSessionAsync(SwitchHospital request, Caller caller, CancellationToken ct)
    {
        // Outside the transaction, which holds a connection.
        var key = await keys.GetSigningCredentialsAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await sessions.LockLoginOfAsync(caller.SessionId, ct);
        var now = clock.GetUtcNow();
        var session = await db.Sessions.AsNoTracking().Include(s => s.User!.Membership!.Login).Include(s => s.User!.Hospital)
            .SingleOrDefaultAsync(s => s.Id == caller.SessionId && s.UserId == caller.UserId && s.RevokedAt == null && s.EndsAt > now, ct);
        if (session is not { User: { CanLogIn: true, Login: { } login } user } || session.IsOver(await policies.GetAsync(user.HospitalId, ct), now))
            throw SessionEnded();
        if (user.HospitalId == request.HospitalId) throw new ValidationFailed("hospital_id", "is the hospital of your access token");
        var other = await FindAsync(login, request.HospitalId, session.AuthenticationMethods, session.AuthenticatedAt ?? session.StartedAt, ct);
        var tokens = await sessions.StartFromAsync(session, other, key, ct) ?? throw SessionEnded();
        await transaction.CommitAsync(ct);
        return tokens;
    }

    /// <summary>
    /// Returns the user of another hospital whom a login opens. Throws <see cref="NotFound"/> when it opens none there, and an error that says what to do when
    /// the hospital wants another login.
    /// </summary>
    /// <param name="methods">How the owner has logged in.</param>
    /// <param name="loggedInAt">When the owner has logged in. After an end of all sessions at the other hospital, only a later login opens it.</param>
    internal async Task<Account> FindAsync(Login login, Guid hospitalId, string? methods, DateTimeOffset loggedInAt, CancellationToken ct)
    {
        var account = await db.Accounts.AsNoTracking().Include(a => a.Membership!.Login).Include(a => a.Hospital)
            .SingleOrDefaultAsync(a => a.HospitalId == hospitalId && a.Membership!.LoginId == login.Id, ct);
        if (account is not { CanLogIn: true }) throw new NotFound("hospital");
        if (AuthenticationMethods.IsFederated(methods ?? ""))
            throw new Forbidden("A login through the provider of a hospital opens that hospital alone. Log in with your password and this hospital_id.");
        if (await providers.FindRequiredAsync(account, ct) is { } required) throw required;
        if (account.Membership!.RevokedAt >= loggedInAt) throw SessionEnded();
        if (!AuthenticationMethods.HasTwoFactors(methods)
            && (await secondFactors.IsMissingAsync(account, methods, ct) || (await secondFactors.FindAsync(login, ct)).Any))
            throw new Forbidden("This hospital requires a second factor, or you have one by now. Log in with it and this hospital_id.");
        return await passwords.FindTemporaryAsync(account, ct) is { } temporary ? throw temporary : account;
    }

    private static Unauthenticated SessionEnded() =>
        new(ErrorCodes.AuthInvalid, "The session is over, or too old for this hospital. Log in again with this hospital_id.");
}
