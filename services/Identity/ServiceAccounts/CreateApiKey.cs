using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Platform.Tools;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.ServiceAccounts;

/// <summary>Adds API keys to service accounts, within the limits of an account and of the caller.</summary>
internal sealed class ApiKeyFactory(IdentityDb db, TimeProvider clock)
{
    /// <summary>Adds a key and returns it. The account is locked first, so that its keys are created one after the other.</summary>
    /// <param name="replaced">The key that the new one replaces; null when it replaces none.</param>
    internal async Task<NewApiKey> AddAsync(Guid serviceAccountId, string name, DateOnly expiresOn, ApiKey? replaced, CancellationToken ct)
    {
        var account = await db.ServiceAccounts().AsNoTracking().GetRequiredAsync(serviceAccountId, "service account", ct);
        if (!account.IsActive) throw new Conflict("The service account is inactive. Activate it first.");
        ServiceAccountRules.RequireScopes(db.Tenancy.Caller, account.ServiceScope!);
        var now = clock.GetUtcNow();
        if (await db.ApiKeys.CountAsync(k => k.ServiceAccountId == account.Id && k.RevokedAt == null && k.ExpiresAt > now, ct) >= ServiceAccountRules.MaxKeys)
            throw new Conflict($"A service account can have {ServiceAccountRules.MaxKeys} valid API keys. Revoke one first.");

        var key = ApiKeyFormat.Create();
        var added = new ApiKey
        {
            HospitalId = account.HospitalId!.Value,
            ServiceAccountId = account.Id,
            Name = name,
            Prefix = key[..ApiKeyFormat.PrefixLength],
            Hash = ApiKeyFormat.HashOf(key),
            ExpiresAt = ApiKey.EndOf(expiresOn),
        };
        db.Add(added);
        if (replaced is not null) replaced.ReplacedBy = added.Id;
        await db.SaveChangesAsync(ct);
        return added.ToNew(key);
    }

    /// <summary>Lets the changes to the keys of an account happen one after the other.</summary>
    internal Task LockAsync(Guid serviceAccountId, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"SELECT FROM users WHERE id = {serviceAccountId} FOR UPDATE", ct);
}

internal sealed class CreateApiKeyHandler(IdentityDb db, ApiKeyFactory keys, TimeProvider clock)
    : IToolHandler<CreateApiKey, NewApiKey>, IParameterValidator<CreateApiKey>
{
    public Task AddErrorsAsync(CreateApiKey request, ParameterErrors errors, CancellationToken ct)
    {
        if (errors.AreRight("expires_on") && ApiKey.FindError(request.ExpiresOn, clock.GetUtcNow()) is { } error) errors.Add("expires_on", error);
        return Task.CompletedTask;
    }

    public async Task<NewApiKey> HandleAsync(CreateApiKey request, CancellationToken ct)
    {
        ServiceAccountRules.RequireOwnLogIn(db.Tenancy.Caller);
        await keys.LockAsync(request.ServiceAccountId, ct);
        return await keys.AddAsync(request.ServiceAccountId, request.Name, request.ExpiresOn, replaced: null, ct);
    }
}
