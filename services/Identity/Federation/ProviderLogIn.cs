using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Audit;
using MedCor.Identity.IdentityProviders;
using MedCor.Identity.Mails;
using MedCor.Identity.Users;
using MedCor.Platform.Database;
using MedCor.ServiceDefaults.Authentication;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;
using IdentityProvider = MedCor.Identity.IdentityProviders.IdentityProvider;

namespace MedCor.Identity.Federation;

/// <summary>
/// Finds the account of a person who has logged in at the provider of a hospital: by the link between both or, the first time, by the e-mail address that the
/// provider has verified. Accounts of other hospitals, of the platform, of patients and of programs are never found.
/// </summary>
internal sealed class ProviderLogIn(
    IdentityDb db, CreateUserHandler create, UpdateUserHandler update, MailQueue mails, SessionTrail trail, TimeProvider clock,
    ILogger<ProviderLogIn> log)
{
    private const int MaxEmailLength = 254;

    /// <summary>The account that the person is linked to, whatever address the provider says.</summary>
    private Account? _linked;

    /// <summary>
    /// Returns the account of a person, linked to the provider and with the role that the provider gives; null when the person may not log in. A new role ends
    /// all former sessions of the user, as a change by an administrator does.
    /// </summary>
    internal async Task<Account?> FindAsync(IdentityProvider provider, ProviderIdentity identity, CancellationToken ct)
    {
        // What is no address is nobody's.
        var users = identity.Email is { Length: <= MaxEmailLength } email && !email.Any(char.IsControl) ? await db.FindAllByEmailAsync(email, ct) : [];
        var known = users.FirstOrDefault(a => a.HospitalId == provider.HospitalId);
        var account = await TryFindAsync(provider, identity, known, ct);
        if (account is null) await trail.RecordOfStrangerAsync(SessionTrail.LogIn, _linked ?? known, AuditOutcome.Forbidden, ct, provider.HospitalId);
        return account;
    }

    private async Task<Account?> TryFindAsync(IdentityProvider provider, ProviderIdentity identity, Account? known, CancellationToken ct)
    {
        var role = provider.FindRole(identity.RoleValues);
        if (provider.RoleClaim is not null && role is null) return Refuse(provider, "the role claim has none of the mapped values");
        // From here on, row-level security hides all other hospitals.
        var now = clock.GetUtcNow();
        db.Tenancy.Enter(new Caller(Guid.Empty, "identity provider", Role.Admin, provider.HospitalId, SessionId: Guid.Empty, IssuedAt: now, ExpiresAt: now));
        try
        {
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            var link = await db.IdentityLinks.SingleOrDefaultAsync(l => l.Issuer == provider.Issuer && l.Subject == identity.Subject, ct);
            if (link is not null) link.LastUsedAt = now;
            if ((link?.UserId ?? await LinkAsync(provider, identity, role, known, ct)) is not { } userId) return null;
            var account = await ReadAsync(userId, ct);
            if (link is not null) _linked = account;
            if (account is { Login: null, Membership.AwaitsLogin: true })
            {
                await transaction.CommitAsync(ct);
                return Refuse(provider, "the user awaits a link to the login that has the e-mail address");
            }
            if (account is not { CanLogIn: true, ServiceScope: null } || account.Role == Role.Patient)
                return Refuse(provider, "the account is inactive, or not one of the staff");
            if (role is { } given && given != account.Role && !await IsLastAdminAsync(account, ct))
            {
                // Nobody waits for a list of the upcoming appointments, so bookings need not be paused.
                await update.HandleAsync(new(userId, Role: given), new(PasswordHash: null, new(account.Version, [], 0)), ct);
                await trail.RecordBySystemAsync("update_user", userId, ct, AuditKind.Account, "role");
                account = await ReadAsync(userId, ct);
            }
            await db.SaveChangesAsync(ct);
            await transaction.CommitAsync(ct);
            return account;
        }
        catch (ApiException e)
        {
            return Refuse(provider, e.Code);
        }
        catch (DbUpdateException e) when (e.ViolatesConstraint("identity_links_pkey") || e.ViolatesConstraint("identity_links_user"))
        {
            return Refuse(provider, "another login has linked the account at the same time");
        }
    }

    /// <summary>
    /// Links a person to an account and returns its ID; null when the person has none and gets none. A new account that awaits a login is not linked yet: the
    /// owner of the login adds the hospital first.
    /// </summary>
    /// <param name="known">The account of the hospital that a login with the person's verified e-mail address opens; null when there is none.</param>
    private async Task<Guid?> LinkAsync(IdentityProvider provider, ProviderIdentity identity, Role? role, Account? known, CancellationToken ct)
    {
        if (identity.Email is not { } email) return RefuseLink("the provider has verified no e-mail address");
        if (!provider.AcceptsDomainOf(email)) return RefuseLink("the domain of the e-mail address is not accepted");
        // The provider may have given the address of somebody who has left to somebody else.
        if (known is not null && await db.IdentityLinks.AnyAsync(l => l.UserId == known.Id, ct)) return RefuseLink("the account is linked to another subject");
        if (known is null && (role is null || !provider.CreateUsers)) return RefuseLink("there is no account with the e-mail address");

        var userId = known?.Id ?? await CreateAsync(provider, identity, email, role!.Value, ct);
        if (known is null) await trail.RecordBySystemAsync("create_user", userId, ct, AuditKind.Account);
        if (known is null && await db.Memberships.AnyAsync(m => m.UserId == userId && m.AwaitsLogin, ct)) return userId;
        db.Add(new IdentityLink
        {
            HospitalId = provider.HospitalId,
            Issuer = provider.Issuer!,
            Subject = identity.Subject,
            UserId = userId,
            CreatedAt = db.UtcNow,
            LastUsedAt = db.UtcNow,
        });
        mails.Add(MailKind.ProviderLinked, userId);
        await db.SaveChangesAsync(ct);
        await trail.RecordBySystemAsync("link_provider", userId, ct);
        return userId;

        Guid? RefuseLink(string reason)
        {
            Refuse(provider, reason);
            return null;
        }
    }

    /// <summary>Creates an account by the rules of <c>create_user</c>. Throws an <see cref="ApiException"/> when what the provider says breaks one.</summary>
    private async Task<Guid> CreateAsync(IdentityProvider provider, ProviderIdentity identity, string email, Role role, CancellationToken ct)
    {
        var request = ParameterReader<CreateUser>.Read(JsonSerializer.SerializeToUtf8Bytes(
            new CreateUser(identity.GivenName ?? "", identity.FamilyName ?? "", role, email), Json.Options));
        return (await create.HandleAsync(request, new(provider.HospitalId, PasswordHash: null, IsPasswordTemporary: false, IsOfProvider: true), ct)).Id;
    }

    /// <summary>
    /// Returns whether a user is the last active administrator of the hospital, who keeps the role: without one, nobody could correct the settings. The logins
    /// of administrators wait for each other here, so that of the last two one remains.
    /// </summary>
    private async Task<bool> IsLastAdminAsync(Account account, CancellationToken ct)
    {
        if (account.Role != Role.Admin) return false;
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({BitConverter.ToInt64(account.HospitalId!.Value.ToByteArray())})", ct);
        var others = db.Accounts.Where(a => a.HospitalId == account.HospitalId && a.Id != account.Id && a.ServiceScope == null);
        if (await others.AnyAsync(a => a.Role == Role.Admin && a.IsActive, ct)) return false;
        log.LastAdminKept(account.HospitalId.Value);
        return true;
    }

    private Task<Account> ReadAsync(Guid userId, CancellationToken ct) =>
        db.Accounts.AsNoTracking().Include(a => a.Membership!.Login).Include(a => a.Hospital).SingleAsync(a => a.Id == userId, ct);

    private Account? Refuse(IdentityProvider provider, string reason)
    {
        log.LogInRefused(provider.HospitalId, reason);
        return null;
    }
}
