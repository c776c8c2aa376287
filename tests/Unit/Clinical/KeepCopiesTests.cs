using System.Text.Json;
using MedCor.Clinical.Audit;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Audit;
using Microsoft.Extensions.Logging.Abstractions;

namespace MedCor.Tests.Unit.Clinical;

public sealed class KeepCopiesTests
{
    /// <summary>A copy without the name of its service would be listed as an event of Clinical.</summary>
    [Theory]
    [InlineData("""{"action":"log_in"}""")]
    [InlineData("""{"action":"log_in","service":null}""")]
    [InlineData("""{"action":"log_in","service":"clinical"}""")]
    [InlineData("""{"action":"log_in","service":"somebody"}""")]
    public async Task A_copy_that_names_no_other_service_is_refused_with_all_that_came_with_it(string copy)
    {
        using var check = new AuditWriteCheck(NullLogger<AuditWriteCheck>.Instance);
        var sent = new AuditEventsRecorded(JsonElement.Parse($$"""[{"action":"log_in","service":"identity"},{{copy}}]""")) { OccurredAt = default };

        await Assert.ThrowsAsync<InvalidDataException>(() => new KeepCopies(db: null!, check).HandleAsync(sent, CancellationToken.None));
    }
}
