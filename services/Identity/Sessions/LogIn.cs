using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Keys;
using MedCor.Identity.SecondFactors;
using MedCor.ServiceDefaults.Authentication;
using MedCor.Validation;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace MedCor.Identity.Sessions;

/// <summary>Starts a session for an e-mail address, a password and, for a user who has a second factor, a code of it.</summary>
internal sealed class LogInHandler(
    PasswordLogIn passwords, SecondFactorManager secondFactors, KeyRing keys, SessionManager sessions, IOptions<TokenOptions> tokens)
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
        return await passwords.VerifyAsync(request.Email, request.Password, request.Code,
                prepare: async () => key = await keys.GetSigningCredentialsAsync(ct),
                async verified =>
                {
                    var methods = await GetMethodsAsync(verified, ct);
                    return await sessions.StartAsync(verified.Account, request.Scope is { } scope ? ScopeSet.Parse(scope, out _) : null, methods, key!, ct);
                }, ct, hospitalId: request.HospitalId)
            ?? throw WrongCredentials(request.Code);
    }

    /// <summary>Returns how the user has logged in. Throws when a second factor is missing.</summary>
    private async Task<string> GetMethodsAsync(VerifiedPassword verified, CancellationToken ct)
    {
        if (verified.Methods is not { } methods)
            throw MissingFactor(verified.Factors);
        var page = tokens.Value.ServerUrl + PagePaths.Account;
        return await secondFactors.IsMissingAsync(verified.Account, methods, ct)
            ? throw new Forbidden($"Your hospital requires a second factor. Set one up at {page}, then log in again.")
            : methods;
    }

    /// <summary>Creates the error of a wrong password, of an unknown address and of a user who may not log in.</summary>
    /// <param name="code">The code that was sent. The message depends on what was sent, not on the account.</param>
    internal static Unauthenticated WrongCredentials(string? code = null) =>
        new(ErrorCodes.AuthInvalid, code is null ? "E-mail address or password is wrong." : "E-mail address, password or code is wrong.");

    /// <summary>Creates the error of a correct password without the second factor that the user has.</summary>
    internal static ApiException MissingFactor(EnrolledFactors factors) =>
        new Unauthenticated(ErrorCodes.AuthSecondFactor, "Send the current code of your authenticator app or a recovery code as code.")
            .WithDetail("factors", factors.Names);
}
