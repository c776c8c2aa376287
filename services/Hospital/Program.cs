using MedCor.Hospital;
using MedCor.Hospital.Hospitals;
using MedCor.Platform;
using MedCor.Platform.LocalCopies;

var builder = WebApplication.CreateBuilder(args);
builder.AddMedCorService<HospitalDb>("hospital");
builder.Services.AddScoped<IHospitalDirectory, HospitalDirectory>();

await builder.Build().RunMedCorServiceAsync(args);
