using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Keys;
using Microsoft.IdentityModel.Tokens;

namespace MedCor.Identity.Sessions;

/// <summary>Starts a session for an e-mail address and a password.</summary>
internal sealed class LogInHandler(PasswordLogIn passwords, KeyRing keys, SessionManager sessions)
{
    internal async Task<SessionTokens> HandleAsync(LogIn request, CancellationToken ct)
    {
        SigningCredentials? key = null;
        return await passwords.VerifyAsync(request.Email, request.Password,
                prepare: async () => key = await keys.GetSigningCredentialsAsync(ct),
                account => sessions.StartAsync(account, key!, ct), ct)
            ?? throw new Unauthenticated(ErrorCodes.AuthInvalid, "E-mail address or password is wrong.");
    }
}
