using System.Buffers;
using System.Reflection;
using System.Text;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Audit;
using MedCor.Platform.Database;
using MedCor.Platform.Idempotency;
using MedCor.Platform.Limits;
using MedCor.Platform.Resources;
using MedCor.ServiceDefaults.Authentication;
using MedCor.Validation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace MedCor.Platform.Tools;

/// <summary>A service's tools as <c>POST /tools/{name}</c>, each with its parameters as the body and its bare result as the answer.</summary>
public static class ToolEndpoints
{
    /// <summary>
    /// Registers the handlers of an assembly, and a <see cref="GetByIdHandler{TTool, TResult}"/> for each read of one entity by its id that none of them handles. Throws
    /// <see cref="InvalidOperationException"/> naming every other tool that the service owns and nobody handles, or a tool that answers clinical content while the service keeps no audit trail.
    /// </summary>
    public static IReadOnlyList<ToolDescriptor> AddToolHandlers(this IServiceCollection services, Assembly assembly, string service)
    {
        var handlers = (from type in assembly.GetTypes()
                        where type is { IsClass: true, IsAbstract: false }
                        from handled in type.GetInterfaces()
                        where handled.IsGenericType && (handled.GetGenericTypeDefinition() == typeof(IToolHandler<,>) || handled.GetGenericTypeDefinition() == typeof(IToolHandler<,,>))
                        select (Tool: handled.GetGenericArguments()[0], Handled: handled, Implementation: type)).ToDictionary(h => h.Tool);

        var tools = ToolCatalogue.All.Values.Where(t => t.Service == service).ToArray();
        foreach (var tool in tools.Where(t => !handlers.ContainsKey(t.Params) && GetByIdHandler.CanHandle(t)))
            handlers.Add(tool.Params, (tool.Params, typeof(IToolHandler<,>).MakeGenericType(tool.Params, tool.Result), typeof(GetByIdHandler<,>).MakeGenericType(tool.Params, tool.Result)));
        var orphans = tools.Where(t => !handlers.ContainsKey(t.Params)).Select(t => t.Name).ToArray();
        if (orphans.Length > 0) throw new InvalidOperationException($"The {service} service promises tools that nothing handles: {string.Join(", ", orphans)}.");

        if (assembly.GetTypes().SingleOrDefault(t => t.IsAssignableTo(typeof(IAuditTrail)) && t.IsClass) is { } trail) services.AddScoped(typeof(IAuditTrail), trail);
        else if (tools.FirstOrDefault(t => t.ClinicalContent is not null) is { } unrecorded)
            throw new InvalidOperationException($"{unrecorded.Name} answers clinical content, and the {service} service keeps no audit trail.");

        foreach (var (tool, handled, implementation) in handlers.Values)
        {
            var arguments = handled.GetGenericArguments();
            var execution = arguments.Length == 2 ? typeof(DirectExecution<,>) : typeof(PreparedExecution<,,>);
            services.AddScoped(implementation);
            services.AddScoped(handled, provider => provider.GetRequiredService(implementation));
            services.AddScoped(typeof(ToolExecution<,>).MakeGenericType(tool, arguments[^1]), execution.MakeGenericType(arguments));
        }
        return tools;
    }

    /// <summary>Maps the tools.</summary>
    public static void MapTools(this IEndpointRouteBuilder app, IEnumerable<ToolDescriptor> tools)
    {
        foreach (var tool in tools)
        {
            var answer = typeof(ToolEndpoints).GetMethod(nameof(CreateHandler), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(tool.Params, tool.Result);
            app.MapPost($"/tools/{tool.Name}", answer.CreateDelegate<Func<ToolDescriptor, RequestDelegate>>()(tool)).WithDisplayName(tool.Name).WithMetadata(tool);
        }
    }

    /// <summary>
    /// A call with no more parameters than this, in bytes, makes no thing too large, however they are escaped: what is, has been from before there was a bound, and can still be withdrawn or shortened.
    /// </summary>
    private const int MaxUncheckedBody = ResponseBuffer.MaxEntityLength / 8;

    private static RequestDelegate CreateHandler<TTool, TResult>(ToolDescriptor tool) where TTool : ITool<TResult>
    {
        var limitOf = tool.Params.GetProperty(nameof(PagedTool<>.Limit))?.GetMethod!.CreateDelegate<Func<TTool, int>>();
        var sortOf = tool.Params.GetProperty(nameof(PagedTool<>.Sort))?.GetMethod!.CreateDelegate<Func<TTool, string?>>();
        var list = sortOf is null ? null : typeof(IResourceHandler<>).MakeGenericType(typeof(TResult).GetGenericArguments());
        return http => HandleAsync<TTool, TResult>(http, tool, limitOf, FindSortError);

        string? FindSortError(TTool asked, IServiceProvider services) => list is not null && services.GetService(list) is ISortable sortable ? sortable.FindSortError(sortOf!(asked)) : null;
    }

    /// <param name="limitOf">How many things are asked for at once, of what was asked; none where it is not a list.</param>
    /// <param name="sortErrorOf">What is wrong with the order that is asked for; null where nothing is.</param>
    private static async Task HandleAsync<TTool, TResult>(HttpContext http, ToolDescriptor tool, Func<TTool, int>? limitOf, Func<TTool, IServiceProvider, string?> sortErrorOf) where TTool : ITool<TResult>
    {
        var services = http.RequestServices;
        var caller = await services.GetRequiredService<TokenValidator>().AuthenticateAsync(http);
        services.GetRequiredService<MedCor.Platform.Tenancy.TenantContext>().Enter(caller);

        TTool? asked = default;
        try
        {
            var body = await ReadBodyAsync(http);
            if (!caller.IsOneOf(tool.Callers))
            {
                asked = tool.ClinicalContent is null ? default : TryReadParameters<TTool>(body);
                throw new Forbidden($"Your role does not include {tool.Name}.");
            }
            var execution = services.GetRequiredService<ToolExecution<TTool, TResult>>();
            asked = await ParameterReader<TTool>.ReadAsync(body, execution.Handler is ICurrentStateProvider<TTool> amends ? CurrentState(amends, http.RequestAborted) : null, async (parameters, errors) =>
            {
                // What a rule refuses is on record with what was asked for.
                if (!errors.Any) asked = parameters;
                if (execution.Handler is IParameterValidator<TTool> rules) await rules.AddErrorsAsync(parameters, errors, http.RequestAborted);
                // A list refuses it by itself, together with all that depends on the order; where nothing is read, it is told here.
                if (errors.Any && sortErrorOf(parameters, services) is { } wrong) errors.Add("sort", wrong);
            });
            http.Response.ContentType = "application/json";
            var limit = limitOf?.Invoke(asked);
            using var room = await services.GetRequiredService<RequestMemoryLimiter>().AcquireForResponseAsync(limit ?? 1, http.RequestAborted);
            if (tool.Effect == Effect.Read)
            {
                var handle = await execution.PrepareAsync(asked, http.RequestAborted);
                var shown = await handle();
                using var answer = ResponseBuffer.WriteJson(json => JsonSerializer.Serialize(json, shown, Json.Options), limit);
                await RecordAccessAsync(services, tool, asked, AuditOutcome.Done, shown, http.RequestAborted);
                await answer.CopyToAsync(http.Response.BodyWriter, http.RequestAborted);
                return;
            }

            var (result, isReplay) = await ExecuteAsync(services, tool, execution, asked, body.Length, GetIdempotencyKey(http), http.RequestAborted);
            if (isReplay)
            {
                var shown = tool.ClinicalContent is null ? default : JsonSerializer.Deserialize<TResult>(result, Json.Options);
                await RecordAccessAsync(services, tool, asked, AuditOutcome.Replayed, shown, http.RequestAborted);
                http.Response.Headers[IdempotencyHeaders.Replayed] = "true";
            }
            await http.Response.BodyWriter.WriteAsync(result, http.RequestAborted);
        }
        catch (ApiException refusal) when (tool.ClinicalContent is not null && ClinicalContentDescriptor.GetOutcome(refusal) is { } outcome)
        {
            // In a transaction of its own, since that of the call was rolled back; and also when the caller has hung up.
            await RecordAccessAsync(services, tool, asked, outcome, shown: null, CancellationToken.None);
            throw;
        }
    }

    /// <summary>What the caller reads of what they want to change; null if that is nothing, so that they learn what is wrong with their parameters as for anything else.</summary>
    private static Func<TTool, Task<object?>> CurrentState<TTool>(ICurrentStateProvider<TTool> amends, CancellationToken ct) => async asked =>
    {
        try
        {
            return await amends.GetCurrentAsync(asked, ct);
        }
        catch (ApiException refusal) when (refusal is MedCor.Contracts.NotFound or Forbidden)
        {
            return null;
        }
    };

    /// <summary>What was asked for, for the record of its refusal; nothing when the parameters are not valid.</summary>
    private static TTool? TryReadParameters<TTool>(ReadOnlyMemory<byte> body) where TTool : notnull
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

    /// <summary>Puts an access to clinical content on record, before it is answered.</summary>
    private static Task RecordAccessAsync(IServiceProvider services, ToolDescriptor tool, object? asked, AuditOutcome outcome, object? shown, CancellationToken ct) => tool.ClinicalContent is { } content
        ? services.GetRequiredService<IAuditTrail>().RecordAsync(content.DescribeAccess(tool.Name, asked), outcome, shown is null ? [] : content.FindIn(shown), ct)
        : Task.CompletedTask;

    /// <summary>A write is one transaction: what it read, changed, recorded and will tell. With a key that was seen before, its answer is that of then.</summary>
    private static async Task<(byte[] Result, bool IsReplay)> ExecuteAsync<TTool, TResult>(
        IServiceProvider services, ToolDescriptor tool, ToolExecution<TTool, TResult> execution, TTool asked, int size, string? key, CancellationToken ct) where TTool : ITool<TResult>
    {
        var calls = services.GetRequiredService<IdempotencyStore>();
        if (key is not null && await calls.FindAsync(key, tool, asked, ct) is { } known) return (Encoding.UTF8.GetBytes(known), true);
        var handle = await execution.PrepareAsync(asked, ct);
        var secretsHash = key is null ? "" : await calls.HashSecretsAsync(asked, ct);

        await using var transaction = await services.GetRequiredService<TenantDb>().Database.BeginTransactionAsync(ct);
        if (key is not null && !await calls.ClaimAsync(key, tool, asked, secretsHash, ct))
        {
            // To compare secrets takes long, and holds no connection meanwhile.
            await transaction.RollbackAsync(ct);
            var other = await calls.FindAsync(key, tool, asked, ct) ?? throw new Conflict("A call with this Idempotency-Key is under way.") { RetryAfter = 1 };
            return (Encoding.UTF8.GetBytes(other), true);
        }
        var written = await handle();
        await RecordAccessAsync(services, tool, asked, AuditOutcome.Done, written, ct);
        var result = JsonSerializer.SerializeToUtf8Bytes(written, Json.Options);
        if (tool.ReturnsSingleEntity && result.Length > ResponseBuffer.MaxEntityLength && size > MaxUncheckedBody) throw CreateTooLargeException(asked);
        if (key is not null) await calls.SaveResultAsync(key, tool, Encoding.UTF8.GetString(result), ct);
        // Once it may have been committed, a caller who hangs up must not leave the answer in doubt.
        await transaction.CommitAsync(CancellationToken.None);
        return (result, false);
    }

    /// <summary>Names what is longest of what was asked.</summary>
    private static ValidationFailed CreateTooLargeException(object asked) =>
        new(JsonSerializer.SerializeToElement(asked, asked.GetType(), Json.Options).EnumerateObject().MaxBy(field => field.Value.GetRawText().Length).Name,
            $"makes it larger than {ResponseBuffer.MaxEntityLength / 1024} KiB as JSON, which is the most that one thing may have: shorten it");

    private static string? GetIdempotencyKey(HttpContext http) => http.Request.Headers[IdempotencyHeaders.Key].ToString() switch
    {
        "" => null,
        { Length: <= 255 } key => key,
        _ => throw new ValidationFailed(IdempotencyHeaders.Key, "must have at most 255 characters"),
    };

    /// <summary>Reads a request's body.</summary>
    public static async ValueTask<ReadOnlyMemory<byte>> ReadBodyAsync(HttpContext http)
    {
        var reader = http.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(http.RequestAborted);
            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return body;
            }
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
