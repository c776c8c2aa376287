using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Keys;
using MedCor.Validation;
using Microsoft.IdentityModel.Tokens;

namespace MedCor.Identity.Sessions;

/// <summary>Starts a session for an e-mail address and a password.</summary>
internal sealed class LogInHandler(PasswordLogIn passwords, KeyRing keys, SessionManager sessions)
{
    /// <summary>Adds the errors of scopes that do not exist, and of repeated ones.</summary>
    internal static Task AddErrorsAsync(LogIn request, ParameterErrors errors)
    {
        if (request.Scope is not { } scope) return Task.CompletedTask;
        var (all, known) = (ScopeSet.Parse(scope, out var unknown).All, Scopes.All.Select(s => s.Name));
        if (unknown.Count > 0)
            errors.Add("scope", $"does not know {string.Join(", ", unknown)}; there are {string.Join(", ", known)}{DidYouMean.Hint(unknown[0], known)}");
        if (scope.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length > all.Count + unknown.Count) errors.Add("scope", "names a scope more than once");
        return Task.CompletedTask;
    }

    internal async Task<SessionTokens> HandleAsync(LogIn request, CancellationToken ct)
    {
        SigningCredentials? key = null;
        return await passwords.VerifyAsync(request.Email, request.Password,
                prepare: async () => key = await keys.GetSigningCredentialsAsync(ct),
                account => sessions.StartAsync(account, request.Scope is { } scope ? ScopeSet.Parse(scope, out _) : null, key!, ct), ct)
            ?? throw new Unauthenticated(ErrorCodes.AuthInvalid, "E-mail address or password is wrong.");
    }
}
