-- Grain : une ligne par contour de commune lu, avec son sort.
with
    lues as (select * from raw_contours),

    nettoyees as (
        select
            'contours' as source,
            fichier,
            ligne,
            commune_de(code_commune) as commune_code,
            texte(nom_commune) as commune,
            entier(population) as population,
            nombre(latitude) as latitude,
            nombre(longitude) as longitude,
            unhex(contour_wkb) as contour_wkb,
            code_commune as valeur_lue
        from lues
    ),

    classees as (
        select *, row_number() over (partition by commune_code order by fichier desc, ligne) as rang
        from nettoyees
    ),

    final as (
        select
            *,
            case
                when commune_code is null
                then 'rejetee'
                when rang > 1
                then 'fusionnee'
                else 'gardee'
            end as sort,
            case
                when commune_code is null
                then 'commune_illisible'
                when rang > 1
                then 'commune_deux_lignes'
            end as anomalie,
            'code_commune' as anomalie_colonne,
            valeur_lue as anomalie_valeur
        from classees
    )

select *
from final
