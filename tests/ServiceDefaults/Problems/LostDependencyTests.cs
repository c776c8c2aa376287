using MedCor.ServiceDefaults.Problems;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace MedCor.Tests.ServiceDefaults.Problems;

public sealed class LostDependencyTests
{
    [Theory]
    [InlineData("08P01", "query_wait_timeout")]
    [InlineData("08P01", "server login has been failing, cached error: connect failed")]
    [InlineData("57P01", "terminating connection due to administrator command")]
    [InlineData("53300", "sorry, too many clients already")]
    public void What_a_pooler_or_a_server_says_when_it_cannot_serve_passes_by_itself(string code, string message) =>
        Assert.True(LostDependency.Explains(new DbUpdateException("Not saved.", new PostgresException(message, "FATAL", "FATAL", code))));

    [Fact]
    public void A_statement_that_the_database_refuses_is_a_fault() =>
        Assert.False(LostDependency.Explains(new PostgresException("duplicate key value violates unique constraint", "ERROR", "ERROR", PostgresErrorCodes.UniqueViolation)));
}
