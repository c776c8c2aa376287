using MedCor.Identity.Accounts;
using MedCor.Identity.Authorization;
using MedCor.Identity.Corrections;
using MedCor.Identity.Duplicates;
using MedCor.Identity.Hospitals;
using MedCor.Identity.IdentityProviders;
using MedCor.Identity.Keys;
using MedCor.Identity.Mails;
using MedCor.Identity.Merges;
using MedCor.Identity.Revocations;
using MedCor.Identity.SecondFactors;
using MedCor.Identity.ServiceAccounts;
using MedCor.Identity.Sessions;
using MedCor.Identity.Specialties;
using MedCor.Platform.Database;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;

namespace MedCor.Identity;

internal sealed class IdentityDb(DbContextOptions<IdentityDb> options, TimeProvider clock, OutboxSignal signal)
    : TenantDb(options, clock, signal)
{
    internal IQueryable<Account> Accounts => Rows<Account>();
    internal IQueryable<Login> Logins => Rows<Login>();
    internal IQueryable<Membership> Memberships => Rows<Membership>();
    internal IQueryable<CandidatePair> CandidatePairs => Rows<CandidatePair>();
    internal IQueryable<Merge> Merges => Rows<Merge>();
    internal IQueryable<Correction> Corrections => Rows<Correction>();
    internal IQueryable<Specialty> Specialties => Rows<Specialty>();
    internal IQueryable<DoctorSpecialtyLink> SpecialtyLinks => Rows<DoctorSpecialtyLink>();
    internal IQueryable<HospitalCopy> Hospitals => Rows<HospitalCopy>();
    internal IQueryable<SignInPolicy> SignInPolicies => Rows<SignInPolicy>();
    internal IQueryable<IdentityProvider> IdentityProviders => Rows<IdentityProvider>();
    internal IQueryable<IdentityLink> IdentityLinks => Rows<IdentityLink>();
    internal IQueryable<Session> Sessions => Rows<Session>();
    internal IQueryable<RefreshToken> RefreshTokens => Rows<RefreshToken>();
    internal IQueryable<ApiKey> ApiKeys => Rows<ApiKey>();
    internal IQueryable<Revocation> Revocations => Rows<Revocation>();
    internal IQueryable<LogInAttempts> LogInAttempts => Rows<LogInAttempts>();
    internal IQueryable<Authenticator> Authenticators => Rows<Authenticator>();
    internal IQueryable<Passkey> Passkeys => Rows<Passkey>();
    internal IQueryable<RecoveryCode> RecoveryCodes => Rows<RecoveryCode>();
    internal IQueryable<SigningKey> SigningKeys => Rows<SigningKey>();
    internal IQueryable<Mail> Mails => Rows<Mail>();
    internal IQueryable<AccountLink> AccountLinks => Rows<AccountLink>();
    internal IQueryable<PendingEmailChange> EmailChanges => Rows<PendingEmailChange>();

    /// <summary>Returns the mail that has been due for longest, locked until the transaction ends; those that others have locked are passed over.</summary>
    internal IQueryable<Mail> NextMail(DateTimeOffset now) =>
        Rows<Mail>($"SELECT * FROM mails WHERE due_at <= {now} AND expires_at > {now} ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED");

    /// <inheritdoc/>
    protected override bool HandlesConcurrentChange(IReadOnlyList<EntityEntry> entries) =>
        entries.All(entry => entry.Entity is OAuthApplication or OAuthAuthorization or OAuthToken);

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder model)
    {
        OAuthEntities.AddTo(model);
        base.OnModelCreating(model);
    }

    /// <inheritdoc/>
    protected override void ConfigureConventions(ModelConfigurationBuilder conventions)
    {
        base.ConfigureConventions(conventions);
        conventions.Properties<Demographics>().HaveConversion<Demographics.Converter>().HaveColumnType("jsonb");
    }
}
