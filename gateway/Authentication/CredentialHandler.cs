using System.Security.Claims;
using System.Text.Encodings.Web;
using MedCor.Contracts;
using MedCor.Gateway.Limits;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.Authentication;

/// <summary>Authenticates requests by one kind of credential. A challenge throws the error that rejected the credential.</summary>
/// <remarks>Nothing is logged, because a line per rejected request would let anonymous clients fill the log.</remarks>
internal abstract class CredentialHandler(IOptionsMonitor<AuthenticationSchemeOptions> options)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, NullLoggerFactory.Instance, UrlEncoder.Default)
{
    /// <summary>
    /// Returns the sender of the request. Exceptions other than <see cref="Unauthenticated"/>, such as those of an unavailable dependency, end the request.
    /// </summary>
    /// <exception cref="Unauthenticated">The credential is missing or invalid.</exception>
    protected abstract ValueTask<CallerIdentity> IdentifyAsync();

    protected sealed override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!IsCredentialRead()) return AuthenticateResult.NoResult();
        try
        {
            var caller = await IdentifyAsync();
            Context.Features.Set(new CallerKey(caller.Key));
            return AuthenticateResult.Success(new(new ClaimsPrincipal(caller), Scheme.Name));
        }
        catch (Unauthenticated error)
        {
            return AuthenticateResult.Fail(error);
        }
    }

    protected sealed override async Task HandleChallengeAsync(AuthenticationProperties properties) => throw (await HandleAuthenticateOnceAsync()).Failure!;

    protected sealed override Task HandleForbiddenAsync(AuthenticationProperties properties) => throw new Forbidden("Your role does not include this.");

    /// <summary>
    /// Returns whether the endpoint authenticates this request. A public endpoint works with an expired token, and while signing keys cannot be fetched.
    /// </summary>
    private bool IsCredentialRead() => Context.GetEndpoint() is RouteEndpoint { Metadata: var metadata } && metadata.GetMetadata<IAllowAnonymous>() switch
    {
        null => true,
        OptionalAuthenticationMetadata => Request.Headers.Authorization.Count > 0 || Request.Query.ContainsKey(TicketHandler.Parameter),
        _ => false,
    };
}
