using MedCor.Contracts;
using MedCor.Contracts.Hospital;
using MedCor.Contracts.Identity;
using MedCor.Identity.Keys;
using MedCor.Identity.Mails;
using MedCor.Platform.Database;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.ServiceClients;
using MedCor.Platform.Tools;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.IdentityProviders;

/// <summary>Represents the hospital whose provider is changed.</summary>
internal sealed record ProviderOwner(Guid HospitalId, string Subdomain);

internal sealed class UpdateIdentityProviderHandler(
    IdentityDb db, HospitalCopies hospitals, ToolClient tools, ProviderSettings providers, KeyEncryption encryption, MailQueue mails,
    IHostEnvironment environment)
    : IToolHandler<UpdateIdentityProvider, ProviderOwner, Contracts.Identity.IdentityProvider>, ICurrentStateProvider<UpdateIdentityProvider>,
        IParameterValidator<UpdateIdentityProvider>
{
    public async Task<object> GetCurrentAsync(UpdateIdentityProvider request, CancellationToken ct)
    {
        var hospital = await FindHospitalAsync(request, ct);
        return providers.ToContract(hospital.HospitalId,
            await db.IdentityProviders.AsNoTracking().SingleOrDefaultAsync(p => p.HospitalId == hospital.HospitalId, ct));
    }

    public Task AddErrorsAsync(UpdateIdentityProvider request, ParameterErrors errors, CancellationToken ct)
    {
        // Only Development has providers on the same machine.
        if (!environment.IsDevelopment() && errors.AreRight("issuer") && request.Issuer.Value?.StartsWith("http:", StringComparison.Ordinal) == true)
            errors.Add("issuer", "must be an https address");
        return Task.CompletedTask;
    }

    public async Task<ProviderOwner> PrepareAsync(UpdateIdentityProvider request, CancellationToken ct)
    {
        // A program could sign in as anybody, and keep that access when the user who has allowed it withdraws it.
        db.Tenancy.Caller.RequireOwnLogIn("change the identity provider");
        var hospital = await FindHospitalAsync(request, ct);
        hospital.EnsureActive();
        var subdomain = await db.IdentityProviders.Where(p => p.HospitalId == hospital.HospitalId).Select(p => p.Subdomain).SingleOrDefaultAsync(ct)
            ?? (await tools.TryLookUpAsync(new GetHospital(hospital.HospitalId), ct) ?? throw new NotFound("hospital")).Subdomain;
        return new(hospital.HospitalId, subdomain);
    }

    public async Task<Contracts.Identity.IdentityProvider> HandleAsync(UpdateIdentityProvider request, ProviderOwner owner, CancellationToken ct)
    {
        // One after the other, so that no change is refused because of another one at the same time.
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({BitConverter.ToInt64(owner.HospitalId.ToByteArray())})", ct);
        var stored = await db.IdentityProviders.SingleOrDefaultAsync(p => p.HospitalId == owner.HospitalId, ct);
        var provider = stored ?? new IdentityProvider { HospitalId = owner.HospitalId, Subdomain = owner.Subdomain };
        provider.ThrowIfVersionDiffers(request.ExpectedVersion);

        var former = (provider.Issuer, provider.ClientId);
        provider.Issuer = request.Issuer.Or(provider.Issuer);
        provider.ClientId = request.ClientId.Or(provider.ClientId);
        if (former != (provider.Issuer, provider.ClientId))
        {
            // The secret is for the former provider alone, and the subjects are names that it has given.
            provider.EncryptedClientSecret = null;
            await db.IdentityLinks.Where(l => l.HospitalId == owner.HospitalId).ExecuteDeleteAsync(ct);
        }
        if (request.ClientSecret is { } secret) provider.SetClientSecret(encryption, secret);
        provider.EmailDomains = request.EmailDomains is { } domains ? [.. domains] : provider.EmailDomains;
        provider.RoleClaim = request.RoleClaim.Or(provider.RoleClaim);
        if (request.RoleMappings is { } mappings) provider.SetRoleMappings(mappings);
        provider.CreateUsers = request.CreateUsers ?? provider.CreateUsers;
        provider.IsRequired = request.IsRequired ?? provider.IsRequired;
        // A provider says of anybody's address that it is verified.
        if (request is { CreateUsers: true } or { EmailDomains: not null } && provider is { CreateUsers: true, EmailDomains.Count: 0 })
            throw new ValidationFailed("email_domains", "must name at least one domain where create_users is true");

        if (stored is null && request != new UpdateIdentityProvider(request.HospitalId)) db.Add(provider);
        if (db.Entry(provider).State is EntityState.Added or EntityState.Modified)
            await mails.AddForAdminsAsync(MailKind.IdentityProviderChanged, owner.HospitalId, ct);
        await db.SaveChangesAsync(ct);
        return providers.ToContract(owner.HospitalId, provider);
    }

    private async Task<HospitalCopy> FindHospitalAsync(UpdateIdentityProvider request, CancellationToken ct) =>
        await hospitals.GetRequestedAsync(request.HospitalId, ct);
}
