using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Sessions;
using MedCor.Platform.Tools;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SessionOptions = MedCor.Identity.Sessions.SessionOptions;

namespace MedCor.Identity.ServiceAccounts;

/// <summary>Replaces a key. Of several requests to replace it, one succeeds.</summary>
internal sealed class RotateApiKeyHandler(IdentityDb db, ApiKeyFactory keys, SessionManager sessions, IOptions<SessionOptions> options, TimeProvider clock)
    : IToolHandler<RotateApiKey, NewApiKey>, IParameterValidator<RotateApiKey>
{
    public Task AddErrorsAsync(RotateApiKey request, ParameterErrors errors, CancellationToken ct)
    {
        if (errors.AreRight("expires_on") && ApiKey.FindError(request.ExpiresOn, clock.GetUtcNow()) is { } error) errors.Add("expires_on", error);
        return Task.CompletedTask;
    }

    public async Task<NewApiKey> HandleAsync(RotateApiKey request, CancellationToken ct)
    {
        ServiceAccountRules.RequireOwnLogIn(db.Tenancy.Caller);
        var account = await db.ApiKeys.Where(k => k.Id == request.ApiKeyId).Select(k => (Guid?)k.ServiceAccountId).SingleOrDefaultAsync(ct)
            ?? throw new NotFound("API key");
        await keys.LockAsync(account, ct);
        var (key, now) = (await db.ApiKeys.SingleAsync(k => k.Id == request.ApiKeyId, ct), clock.GetUtcNow());
        if (!key.IsValid(now)) throw new Conflict("The API key is valid no longer. Create a new one.");
        if (key.ReplacedBy is not null) throw new Conflict("The API key was replaced already. Rotate the key that replaced it.");

        var end = now.AddHours(request.OverlapHours);
        if (end < key.ExpiresAt) key.ExpiresAt = end;
        var added = await keys.AddAsync(account, key.Name, request.ExpiresOn, replaced: key, ct);
        // Tokens that were issued before could outlive the key.
        if (key.ExpiresAt < now + options.Value.AccessTokenLifetime) await sessions.EndAllOfKeyAsync(account, key.Id, ct);
        return added;
    }
}
