using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tools;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace MedCor.Identity.ServiceAccounts;

/// <summary>Creates an account that no login opens, and the client by which it authenticates at <c>/oauth/token</c>.</summary>
internal sealed class CreateServiceAccountHandler(IdentityDb db, HospitalCopies hospitals, IOpenIddictApplicationManager clients)
    : IToolHandler<CreateServiceAccount, Guid, ServiceAccount>, IParameterValidator<CreateServiceAccount>
{
    public Task AddErrorsAsync(CreateServiceAccount request, ParameterErrors errors, CancellationToken ct)
    {
        if (errors.AreRight("scope") && errors.AreRight("role") && ServiceAccountRules.FindScopeError(request.Scope, ToRole(request.Role)) is { } scopeError)
            errors.Add("scope", scopeError);
        if (errors.AreRight("jwks") && request.Jwks is { } jwks && ServiceAccountRules.FindKeysError(jwks) is { } keysError) errors.Add("jwks", keysError);
        db.Tenancy.RequireHospital(request.HospitalId, errors);
        return Task.CompletedTask;
    }

    public async Task<Guid> PrepareAsync(CreateServiceAccount request, CancellationToken ct)
    {
        var caller = db.Tenancy.Caller;
        ServiceAccountRules.RequireOwnLogIn(caller);
        ServiceAccountRules.RequireScopes(caller, request.Scope);
        var hospital = request.HospitalId ?? caller.HospitalId!.Value;
        // To callers of one hospital, another hospital does not exist.
        if (caller.HospitalId is { } callerHospital && hospital != callerHospital) throw new NotFound("hospital");
        (await hospitals.FindAsync(hospital, ct) ?? throw new NotFound("hospital")).EnsureActive();
        return hospital;
    }

    public async Task<ServiceAccount> HandleAsync(CreateServiceAccount request, Guid hospital, CancellationToken ct)
    {
        // One after the other, so that none is created beyond the limit.
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({BitConverter.ToInt64(hospital.ToByteArray())})", ct);
        if (await db.ServiceAccounts().CountAsync(a => a.HospitalId == hospital && a.IsActive, ct) >= ServiceAccountRules.MaxPerHospital)
            throw new Conflict($"A hospital can have {ServiceAccountRules.MaxPerHospital} active service accounts. Deactivate one first.");

        var id = Guid.CreateVersion7();
        var account = new Account
        {
            Id = id,
            HospitalId = hospital,
            Email = ServiceAccountRules.CreateEmail(id),
            FirstName = request.Name,
            LastName = ServiceAccountRules.LastName,
            Role = ToRole(request.Role),
            ServiceScope = request.Scope,
            ServiceJwks = request.Jwks,
        };
        db.Add(account);
        db.Add(new Membership { UserId = id });
        account.RaiseChanged(db, user => new UserCreated(user), isNew: true);
        await db.SaveChangesAsync(ct);

        await clients.CreateAsync(new OpenIddictApplicationDescriptor
        {
            ClientId = id.ToString(),
            // OpenIddict wants a secret. This one is known to nobody: API keys and public keys authenticate the client.
            ClientSecret = Base64UrlEncoder.Encode(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32)),
            ClientType = ClientTypes.Confidential,
            DisplayName = request.Name,
            Permissions =
            {
                Permissions.Endpoints.Token, Permissions.Endpoints.Introspection, Permissions.Endpoints.Revocation, Permissions.GrantTypes.ClientCredentials,
            },
        }, ct);
        return account.ToServiceAccount();
    }

    private static Role ToRole(ServiceAccountRole role) => role == ServiceAccountRole.Admin ? Role.Admin : Role.Nurse;
}
