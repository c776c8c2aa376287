using MedCor.Hospital;
using MedCor.Platform;

var builder = WebApplication.CreateBuilder(args);
builder.AddMedCorService<HospitalDb>("hospital");

await builder.Build().RunMedCorServiceAsync(args);
