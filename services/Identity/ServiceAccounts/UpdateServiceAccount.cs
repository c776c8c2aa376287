using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Sessions;
using MedCor.Platform.Tools;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.ServiceAccounts;

internal sealed class UpdateServiceAccountHandler(IdentityDb db, ServiceAccountResource accounts, SessionManager sessions)
    : IToolHandler<UpdateServiceAccount, ServiceAccount>, ICurrentStateProvider<UpdateServiceAccount>, IParameterValidator<UpdateServiceAccount>
{
    public async Task<object> GetCurrentAsync(UpdateServiceAccount request, CancellationToken ct) => await accounts.GetAsync(request.ServiceAccountId, ct);

    public Task AddErrorsAsync(UpdateServiceAccount request, ParameterErrors errors, CancellationToken ct)
    {
        // Which scopes the role permits is known once the account is read.
        if (errors.AreRight("scope") && request.Scope is { } scope && ServiceAccountRules.FindScopeError(scope, Role.Nurse) is { } scopeError)
            errors.Add("scope", scopeError);
        if (errors.AreRight("jwks") && request.Jwks.Value is { } jwks && ServiceAccountRules.FindKeysError(jwks) is { } keysError)
            errors.Add("jwks", keysError);
        return Task.CompletedTask;
    }

    public async Task<ServiceAccount> HandleAsync(UpdateServiceAccount request, CancellationToken ct)
    {
        var caller = db.Tenancy.Caller;
        ServiceAccountRules.RequireOwnLogIn(caller);
        if (request.Scope is { } requested) ServiceAccountRules.RequireScopes(caller, requested);
        var account = await db.ServiceAccounts().GetRequiredAsync(request.ServiceAccountId, "service account", ct);
        if (request.Scope is { } scope && ServiceAccountRules.FindScopeError(scope, account.Role) is { } error) throw new ValidationFailed("scope", error);
        // Whoever gives an account keys or activates it gives away what it may do.
        if (request.Jwks.IsGiven || request.IsActive is true) ServiceAccountRules.RequireScopes(caller, request.Scope ?? account.ServiceScope!);
        account.ThrowIfVersionDiffers(request.ExpectedVersion);

        var (former, wasActive) = ((account.ServiceScope, account.ServiceJwks), account.IsActive);
        account.FirstName = request.Name ?? account.FirstName;
        account.ServiceScope = request.Scope ?? account.ServiceScope;
        account.ServiceJwks = request.Jwks.Or(account.ServiceJwks);
        account.IsActive = request.IsActive ?? account.IsActive;
        if (db.ChangeTracker.HasChanges())
            account.RaiseChanged(db, user => wasActive && !user.IsActive ? new UserDeactivated(user) : new UserUpdated(user));
        await db.SaveChangesAsync(ct);

        if (former != (account.ServiceScope, account.ServiceJwks) || (wasActive && !account.IsActive)) await sessions.EndAllOfUserAsync(account.Id, ct);
        return account.ToServiceAccount();
    }
}
