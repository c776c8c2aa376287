using System.Reflection;
using System.Text;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Audit;
using MedCor.Platform.Calls;
using MedCor.Platform.Database;
using MedCor.Platform.Idempotency;
using MedCor.Platform.Resources;
using MedCor.Platform.Tenancy;
using MedCor.Validation;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MedCor.Platform.Tools;

/// <summary>Represents one call of a tool.</summary>
/// <param name="scope">The scope that the call requires; null for a lookup of a service, which shows nothing to anybody and is not recorded.</param>
internal sealed class ToolCall<TTool, TResult>(HttpContext http, ToolDescriptor tool, Scope? scope)
    : Call(http, tool.Name, tool.Callers, scope, isAudited: tool.Audit is not null && scope is not null, tool.RequiresStepUp) where TTool : ITool<TResult>
{
    /// <summary>
    /// The length of parameters, in bytes, that cannot make an entity too large, however they are escaped. An entity that is too large already was stored
    /// before the limit existed, and can still be cancelled or shortened.
    /// </summary>
    private const int MaxUncheckedBody = ResponseBuffer.MaxEntityLength / 8;

    private static readonly Func<TTool, int>? GetLimit = GetProperty<int>(nameof(PagedTool<>.Limit));
    private static readonly Func<TTool, string?>? GetSort = GetProperty<string?>(nameof(PagedTool<>.Sort));

    /// <summary>The hospital that a list is restricted to.</summary>
    private static readonly Func<TTool, Guid?>? GetHospitalId = GetSort is null ? null : GetProperty<Guid?>(nameof(ITenantOwned.HospitalId));

    /// <summary>The handler of the resource whose rows a list returns; null when the tool is no list.</summary>
    private static readonly Type? ListHandler = GetSort is null ? null : typeof(IResourceHandler<>).MakeGenericType(typeof(TResult).GetGenericArguments());

    private ReadOnlyMemory<byte>? _body;

    /// <summary>The parameters, once they are known to be well-formed: what a rule refuses is recorded with them.</summary>
    private TTool? _parameters;

    protected override async Task HandleAsync()
    {
        var execution = Services.GetRequiredService<ToolExecution<TTool, TResult>>();
        var parameters = await ReadParametersAsync(execution.Handler);
        var limit = GetLimit?.Invoke(parameters);
        using var memory = await AcquireMemoryAsync(limit);
        if (tool.Effect == Effect.Read)
        {
            var handle = await execution.PrepareAsync(parameters, Aborted);
            var read = await handle();
            if (GetHospitalId?.Invoke(parameters) is { } hospital) await Services.GetRequiredService<NamedHospitals>().EnsureExistAsync([hospital], Aborted);
            await SendAsync(read, limit, (json, result) => JsonSerializer.Serialize(json, result, Json.Options), FindContent);
            return;
        }

        var result = await WriteAsync(execution, parameters);
        Http.Response.ContentType = "application/json";
        await Http.Response.BodyWriter.WriteAsync(result, Aborted);
    }

    protected override async Task WriteAuditEventAsync(IAuditTrail trail, AuditOutcome outcome,
        IReadOnlyCollection<AuditedEntity> content, CancellationToken ct)
    {
        // A call that the role or the token does not include is refused before its parameters are read.
        if (_parameters is null && outcome == AuditOutcome.Forbidden) _parameters = TryParse(await ReadBodyAsync());
        await trail.RecordAsync(tool.Audit!.DescribeAccess(tool.Name, _parameters), outcome, content, ct);
    }

    private async ValueTask<ReadOnlyMemory<byte>> ReadBodyAsync() => _body ??= await Http.ReadBodyAsync();

    private async Task<TTool> ReadParametersAsync(object handler)
    {
        var getCurrent = handler is ICurrentStateProvider<TTool> provider
            ? (Func<TTool, Task<object?>>)(parameters => GetCurrentAsync(provider, parameters))
            : null;
        return _parameters = await ParameterReader<TTool>.ReadAsync(await ReadBodyAsync(), getCurrent, async (parameters, errors) =>
        {
            if (!errors.Any) _parameters = parameters;
            if (handler is IParameterValidator<TTool> validator) await validator.AddErrorsAsync(parameters, errors, Aborted);
            // The handler of a list checks the order itself, together with all that depends on it. It is not called when there are errors.
            if (errors.Any
                && ListHandler is not null && Services.GetService(ListHandler) is ISortable list && list.FindSortError(GetSort!(parameters)) is { } error)
                errors.Add("sort", error);
        });
    }

    /// <summary>Returns the entity that the call changes, or null when the caller may not read it: their parameters are then checked as any other's.</summary>
    private async Task<object?> GetCurrentAsync(ICurrentStateProvider<TTool> provider, TTool parameters)
    {
        try
        {
            return await provider.GetCurrentAsync(parameters, Aborted);
        }
        catch (ApiException refusal) when (refusal is Contracts.NotFound or Forbidden)
        {
            return null;
        }
    }

    /// <summary>
    /// Writes in one transaction: what the call reads, changes, records and publishes. A call with a key that was used before returns the result of then.
    /// </summary>
    private async Task<byte[]> WriteAsync(ToolExecution<TTool, TResult> execution, TTool parameters)
    {
        var store = Services.GetRequiredService<IdempotencyStore>();
        var key = GetIdempotencyKey();
        if (key is not null && await store.FindAsync(key, tool, parameters, Aborted) is { } stored) return await ReplayAsync(stored, execution.Handler);
        var handle = await execution.PrepareAsync(parameters, Aborted);
        var secretsHash = key is null ? "" : await store.HashSecretsAsync(parameters, Aborted);

        await using var transaction = await Services.GetRequiredService<TenantDb>().Database.BeginTransactionAsync(Aborted);
        if (key is not null && !await store.ClaimAsync(key, tool, parameters, secretsHash, Aborted))
        {
            // Comparing secrets takes long and must hold no connection meanwhile.
            await transaction.RollbackAsync(Aborted);
            var other = await store.FindAsync(key, tool, parameters, Aborted)
                ?? throw new Conflict("A call with this Idempotency-Key is under way.") { RetryAfter = 1 };
            return await ReplayAsync(other, execution.Handler);
        }
        var written = await HandleConcurrentAsync(handle);
        await RecordAccessAsync(AuditOutcome.Done, written, FindContent);
        var result = JsonSerializer.SerializeToUtf8Bytes(written, Json.Options);
        if (tool.ReturnsSingleEntity && result.Length > ResponseBuffer.MaxEntityLength && _body!.Value.Length > MaxUncheckedBody)
            throw CreateTooLargeException(parameters);
        if (key is not null) await store.SaveResultAsync(key, tool, Encoding.UTF8.GetString(result), Aborted);
        // The commit may succeed although the caller disconnects, so it is not cancelled: the outcome would be unknown.
        await transaction.CommitAsync(CancellationToken.None);
        return result;
    }

    /// <summary>Throws <see cref="Conflict"/> when another call has added the same at the same time, and the handler has no better answer.</summary>
    private static async Task<TResult> HandleConcurrentAsync(Func<Task<TResult>> handle)
    {
        try
        {
            return await handle();
        }
        catch (DbUpdateException e) when (e.GetBaseException() is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new Conflict(TenantDb.ConcurrentChange);
        }
    }

    private async Task<byte[]> ReplayAsync(string result, object handler)
    {
        if (tool.Audit is not null)
        {
            var stored = JsonSerializer.Deserialize<TResult>(result, Json.Options)!;
            var shown = handler is IReplayLimiter<TResult> limiter ? await limiter.LimitAsync(stored, Aborted) : stored;
            if (!ReferenceEquals(shown, stored)) result = JsonSerializer.Serialize(shown, Json.Options);
            await RecordAccessAsync(AuditOutcome.Replayed, shown, FindContent);
        }
        Http.Response.Headers[IdempotencyHeaders.Replayed] = "true";
        return Encoding.UTF8.GetBytes(result);
    }

    private IEnumerable<AuditedEntity> FindContent(TResult result) => tool.Audit!.FindIn(result!);

    private string? GetIdempotencyKey() => Http.Request.Headers[IdempotencyHeaders.Key].ToString() switch
    {
        "" => null,
        { Length: <= 255 } key => key,
        _ => throw new ValidationFailed(IdempotencyHeaders.Key, "must have at most 255 characters"),
    };

    /// <summary>Creates the error for a write that would make an entity too large. It names the longest parameter.</summary>
    private static ValidationFailed CreateTooLargeException(TTool parameters) =>
        new(JsonSerializer.SerializeToElement(parameters, Json.Options).EnumerateObject().MaxBy(field => field.Value.GetRawText().Length).Name,
            $"makes it larger than {ResponseBuffer.MaxEntityLength / 1024} KiB as JSON, which is the most that one thing may have: shorten it");

    private static TTool? TryParse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return ParameterReader<TTool>.Read(body);
        }
        catch (ValidationFailed)
        {
            return default;
        }
    }

    private static Func<TTool, TProperty>? GetProperty<TProperty>(string name) =>
        typeof(TTool).GetProperty(name, BindingFlags.Instance | BindingFlags.Public)?.GetMethod!.CreateDelegate<Func<TTool, TProperty>>();
}
